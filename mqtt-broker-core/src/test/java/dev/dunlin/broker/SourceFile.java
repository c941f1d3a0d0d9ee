package dev.dunlin.broker;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * A parsed source file of this repository, for the tests that hold our own rules.
 *
 * @param path from the repository's root, with slashes: {@code mqtt-codec/src/main/java/...}
 * @param text its content
 * @param unit its syntax tree; names in it aren't resolved
 * @param trees positions and documentation comments
 */
record SourceFile(String path, String text, CompilationUnitTree unit, DocTrees trees) {
    /** The main sources of all modules. */
    static List<SourceFile> ofAllModules() {
        return inAllModules(Path.of("src", "main", "java"));
    }

    /** The test sources of all modules. */
    static List<SourceFile> testsOfAllModules() {
        return inAllModules(Path.of("src", "test", "java"));
    }

    /** The folder that the modules are in. */
    static Path root() {
        return Objects.requireNonNull(Path.of("").toAbsolutePath().getParent());
    }

    private static List<SourceFile> inAllModules(Path sources) {
        List<Text> texts = new ArrayList<>();
        try (Stream<Path> modules = Files.list(root())) {
            for (Path module : modules.filter(folder -> Files.exists(folder.resolve("pom.xml")))
                    .map(folder -> folder.resolve(sources))
                    .filter(Files::exists)
                    .sorted()
                    .toList()) {
                texts.addAll(textsIn(root(), module));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return parse(texts);
    }

    /** A source that a test brings along, as if it stood at {@code path}. */
    static SourceFile of(String path, String text) {
        return parse(List.of(new Text(path, text))).get(0);
    }

    /** The module's folder. */
    String module() {
        return path.substring(0, path.indexOf('/'));
    }

    /** Empty in {@code module-info.java}. */
    String packageName() {
        return unit.getPackageName() == null ? "" : unit.getPackageName().toString();
    }

    long firstLine(Tree tree) {
        return unit.getLineMap().getLineNumber(trees.getSourcePositions().getStartPosition(unit, tree));
    }

    long lastLine(Tree tree) {
        return unit.getLineMap().getLineNumber(trees.getSourcePositions().getEndPosition(unit, tree));
    }

    long lineAt(int position) {
        return unit.getLineMap().getLineNumber(position);
    }

    /** One line that an editor can follow. */
    String finding(long line, String message) {
        return path + ":" + line + ": " + message;
    }

    private static List<Text> textsIn(Path root, Path folder) throws IOException {
        List<Text> texts = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".java")).sorted().toList()) {
                texts.add(new Text(root.relativize(file).toString().replace('\\', '/'), Files.readString(file)));
            }
        }
        return texts;
    }

    private static List<SourceFile> parse(List<Text> texts) {
        DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
        JavacTask task = (JavacTask) ToolProvider.getSystemJavaCompiler()
                .getTask(null, null, diagnostics, List.of("-proc:none"), null, texts);
        List<SourceFile> files = new ArrayList<>();
        try {
            for (CompilationUnitTree unit : task.parse()) {
                // Absolute, by the form of the URI.
                String path = unit.getSourceFile().toUri().getPath().substring(1);
                String text = unit.getSourceFile().getCharContent(true).toString();
                files.add(new SourceFile(path, text, unit, DocTrees.instance(task)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (Diagnostic<?> diagnostic : diagnostics.getDiagnostics()) {
            if (diagnostic.getKind() == Diagnostic.Kind.ERROR) {
                throw new IllegalArgumentException(diagnostic.toString());
            }
        }
        return files;
    }

    private static final class Text extends SimpleJavaFileObject {
        private final String text;

        Text(String path, String text) {
            super(URI.create("string:///" + path), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }
}
