package dev.dunlin.broker.simulation.mutants;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Compiles patched sources in memory, against the classes of the running JVM and for it. One compiler for many mutants: most
 * of the time goes into reading the class path, once. Any thread; one at a time.
 */
final class MutantCompiler implements AutoCloseable {
    private static final Path SOURCES =
            Path.of("..", "mqtt-broker-core", "src", "main", "java", "dev", "dunlin", "broker");
    private static final List<String> OPTIONS = List.of(
            "-proc:none", "-implicit:none", "-nowarn", "-Xlint:none", "-cp", System.getProperty("java.class.path"));

    private final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    private final StandardJavaFileManager classPath =
            compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8);

    /**
     * Patches and compiles.
     *
     * @return the code of the patched classes, with all that are nested in them, by their binary names
     * @throws IllegalStateException if a patch doesn't apply, or what comes out isn't Java
     */
    synchronized Map<String, byte[]> compile(Mutant mutant) {
        Map<String, String> sources = new LinkedHashMap<>();
        Map<String, String> patched = new LinkedHashMap<>();
        for (Patch patch : mutant.patches()) {
            String source = sources.computeIfAbsent(patch.file(), MutantCompiler::read);
            String changed = patch.apply(source, mutant.name());
            sources.put(patch.file(), changed);
            patched.put(patch.className(), changed);
        }
        List<? extends JavaFileObject> units = patched.entrySet().stream()
                .map(each -> new Source(each.getKey(), each.getValue()))
                .toList();
        Output output = new Output(classPath);
        StringWriter errors = new StringWriter();
        if (!compiler.getTask(errors, output, null, OPTIONS, null, units).call()) {
            throw new IllegalStateException("mutant " + mutant.name() + " doesn't compile:\n" + errors);
        }
        return output.code();
    }

    private static String read(String file) {
        try {
            return Files.readString(SOURCES.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException("a mutant patches what isn't there", e);
        }
    }

    @Override
    public void close() {
        try {
            classPath.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String className, String text) {
            super(URI.create("string:///" + className.replace('.', '/') + Kind.SOURCE.extension), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    /** Keeps what is compiled; everything else is the shared file manager's. */
    private static final class Output extends ForwardingJavaFileManager<JavaFileManager> {
        private final Map<String, ByteArrayOutputStream> classes = new HashMap<>();

        Output(JavaFileManager classPath) {
            super(classPath);
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
                Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
            URI uri = URI.create("memory:///" + className.replace('.', '/') + kind.extension);
            return new SimpleJavaFileObject(uri, kind) {
                @Override
                public OutputStream openOutputStream() {
                    ByteArrayOutputStream code = new ByteArrayOutputStream();
                    classes.put(className, code);
                    return code;
                }
            };
        }

        Map<String, byte[]> code() {
            Map<String, byte[]> code = new HashMap<>();
            classes.forEach((name, bytes) -> code.put(name, bytes.toByteArray()));
            return code;
        }
    }
}
