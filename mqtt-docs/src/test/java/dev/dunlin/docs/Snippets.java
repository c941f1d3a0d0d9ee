package dev.dunlin.docs;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;

/**
 * The java blocks of the pages, made into classes, one package for each page, and compiled together. What a block is follows
 * from how it begins:
 *
 * <ul>
 *   <li>an import, an annotation or the head of a type: it is whole, and a class or record in it is there for the page's other blocks
 *   <li>a dot: lines of a builder, up to a line without one; they stand between {@code Broker.builder()} and {@code start()}
 *   <li>{@code @Override} or anything else: statements, with the names of {@link Surroundings}
 * </ul>
 */
final class Snippets {
    private static final Pattern WHOLE = Pattern.compile(
            "^(import |(public |final |abstract |sealed )*(class|interface|record|enum) )", Pattern.MULTILINE);
    private static final Pattern TYPE =
            Pattern.compile("^(?:\\w+ )*(?:class|interface|record|enum) (\\w+)", Pattern.MULTILINE);
    private static final Pattern JAVADOC = Pattern.compile("\\A/\\*\\*.*?\\*/\\n", Pattern.DOTALL);
    private static final Pattern TEXT_OF_PATH = Pattern.compile("Path\\.of\\(\"");

    private static final String IMPORTS = """
            import dev.dunlin.auth.*;
            import dev.dunlin.broker.*;
            import dev.dunlin.broker.spi.*;
            import dev.dunlin.broker.spi.StoreException.Kind;
            import dev.dunlin.codec.*;
            import dev.dunlin.codec.Properties;
            import dev.dunlin.docs.Surroundings.*;
            import dev.dunlin.examples.*;
            import dev.dunlin.junit.*;
            import dev.dunlin.metrics.micrometer.*;
            import dev.dunlin.store.mapdb.*;
            import dev.dunlin.store.rocksdb.*;
            import dev.dunlin.store.tck.*;
            import static dev.dunlin.store.tck.FaultyStore.*;
            import io.micrometer.core.instrument.*;
            import io.netty.channel.*;
            import java.io.*;
            import java.net.URI;
            import java.nio.file.*;
            import java.security.MessageDigest;
            import java.time.*;
            import java.util.*;
            import java.util.concurrent.*;
            import org.eclipse.paho.client.mqttv3.*;
            import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
            import org.junit.jupiter.api.*;
            import org.junit.jupiter.api.extension.*;
            import static org.junit.jupiter.api.Assertions.*;
            """;

    private final Path sources;
    private final Path classes;
    private final Map<Path, Block> blocks = new TreeMap<>();

    Snippets(Path folder) throws IOException {
        sources = Files.createDirectories(folder.resolve("sources"));
        classes = Files.createDirectories(folder.resolve("classes"));
    }

    /** Compiles them all; one line for each fault, with its place on the page. */
    List<String> compile(List<Block> javaBlocks) throws IOException {
        for (Block block : javaBlocks) {
            Path source = sources.resolve(packageOf(block)).resolve(classOf(block) + ".java");
            Files.createDirectories(source.getParent());
            Files.writeString(source, source(block));
            blocks.put(source, block);
        }
        List<String> arguments =
                new ArrayList<>(List.of("-proc:none", "-nowarn", "-cp", classPath(), "-d", classes.toString()));
        blocks.keySet().forEach(source -> arguments.add(source.toString()));
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        int result = ToolProvider.getSystemJavaCompiler().run(null, said, said, arguments.toArray(new String[0]));
        return result == 0
                ? List.of()
                : said.toString(UTF_8).lines().map(this::withPlace).toList();
    }

    /** Runs a program, or statements that are marked so; returns what it has printed. */
    String run(Block block, Path folder) throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, UTF_8));
        System.setProperty(FOLDER, folder.toString());
        try (URLClassLoader loader = new URLClassLoader(
                new URL[] {classes.toUri().toURL()}, getClass().getClassLoader())) {
            Class<?> type = loader.loadClass(packageOf(block) + "." + classOf(block));
            if (isProgram(block)) {
                type.getMethod("main", String[].class).invoke(null, (Object) new String[0]);
            } else {
                try (Surroundings there =
                        (Surroundings) type.getDeclaredConstructor().newInstance()) {
                    there.run();
                }
            }
        } catch (InvocationTargetException e) {
            throw new AssertionError(block.place(), e.getCause());
        } finally {
            System.setOut(before);
        }
        return out.toString(UTF_8);
    }

    static boolean isProgram(Block block) {
        return isWhole(block.text()) && block.text().contains("static void main(");
    }

    private static boolean isWhole(String text) {
        return WHOLE.matcher(JAVADOC.matcher(text).replaceFirst("")).lookingAt();
    }

    static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    // ---- sources

    private static final String FOLDER = "dunlin.docs.folder";

    private String source(Block block) {
        String head = "package " + packageOf(block) + ";\n" + IMPORTS;
        // Files of the reader are in the scratch folder of the page.
        String text = TEXT_OF_PATH
                .matcher(block.text())
                .replaceAll(Matcher.quoteReplacement("Path.of(System.getProperty(\"" + FOLDER + "\") + \"/\" + \""));
        if (isWhole(text)) {
            return head + text;
        }
        return head + "public class " + classOf(block) + " extends dev.dunlin.docs.Surroundings {\n"
                + "@Override protected void run() throws Exception {\n" + statements(text) + "}\n}\n";
    }

    private static String statements(String text) {
        if (!text.stripLeading().startsWith(".")) {
            return text;
        }
        List<String> lines = text.lines().toList();
        int end = 0;
        while (end < lines.size() && !lines.get(end).isBlank()) {
            end++;
        }
        return "Broker.builder()\n" + String.join("\n", lines.subList(0, end)) + "\n.start();\n"
                + String.join("\n", lines.subList(end, lines.size())) + "\n";
    }

    private static String packageOf(Block block) {
        return "page."
                + block.page().replaceAll("\\.md$", "").replaceAll("\\W", "_").toLowerCase(java.util.Locale.ROOT);
    }

    private static String classOf(Block block) {
        Matcher type = TYPE.matcher(block.text());
        return isWhole(block.text()) && type.find() ? type.group(1) : "Line" + block.line();
    }

    private String withPlace(String line) {
        for (Map.Entry<Path, Block> block : blocks.entrySet()) {
            if (line.startsWith(block.getKey().toString())) {
                return block.getValue().place() + " "
                        + line.substring(sources.toString().length());
            }
        }
        return line;
    }
}
