package dev.dunlin.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.dunlin.auth.AclFile;
import dev.dunlin.codec.testkit.RequiresTool;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

/**
 * What README.md and the pages in docs show is run. By its language a block is
 *
 * <ul>
 *   <li>{@code java}: compiled ({@link Snippets}); a program, and statements under {@code <!-- run -->}, run, and what they print is
 *       compared with a {@code text} block right behind
 *   <li>{@code sh}: typed into a shell ({@link Terminal}), all of a page into one; where each command has "$ " before it, what they
 *       print is compared
 *   <li>{@code hocon}, {@code conf}, {@code acl}: read by the server, as its configuration, Mosquitto's, and an access file
 *   <li>{@code xml}, {@code json}: well-formed
 *   <li>{@code text}: output or a picture; {@code ini}: for another program, and so never run
 * </ul>
 *
 * <p>Under {@code <!-- file: NAME -->} it is also written to that file, for the blocks that follow, and under
 * {@code <!-- before: COMMANDS -->} those are typed first. Under {@code <!-- not run: reason -->} it isn't run, nor is what follows
 * {@code <!-- sh is not run: reason -->}, which is counted here; what it names is looked for all the same ({@link Names}).
 */
@RequiresTool({"bash", "curl", "mosquitto_pub", "mosquitto_sub", "stdbuf", "openssl"})
class DocsTest {
    /** A block that isn't run may be wrong: no more of them than these, outside of the pages about measurements. */
    private static final int NOT_RUN_MAX = 16;

    /** Their commands take minutes to days; the build has a smoke test of each benchmark, and a short form of each long test. */
    private static final Set<String> MEASUREMENTS = Set.of(
            "docs/benchmarks.md",
            "docs/performance.md",
            "docs/testing.md",
            "docs/storage-engines.md",
            "docs/comparison.md");

    private static final Set<String> LANGUAGES =
            Set.of("java", "sh", "hocon", "conf", "acl", "xml", "json", "text", "ini");

    /** The reader's own README says "./check", which runs this test. */
    private static final String THIS = "./check";

    /** For who writes a page: a part of its name, to run that one alone. */
    private static final String ONLY = System.getProperty("dunlin.docs.page", "");

    /** Blocks of Java that were there when this was written: fewer would mean that they aren't found. */
    private static final int JAVA_MIN = 30;

    @TempDir
    static Path folder;

    private static List<Page> pages = List.of();

    @BeforeAll
    static void read() throws IOException {
        pages = Page.shown().stream().filter(page -> page.name().contains(ONLY)).toList();
    }

    @Test
    void everyBlockHasALanguage() {
        List<String> unknown = new ArrayList<>();
        for (Block block : blocks()) {
            // README is read as text too: there an indented block is one of commands.
            boolean fits = LANGUAGES.contains(block.language())
                    || (block.language().isEmpty() && block.page().equals("README.md"));
            if (!fits) {
                unknown.add(block.toString());
            }
        }
        assertThat(unknown).isEmpty();
    }

    @Test
    void fewAreNotRun() {
        Map<String, String> notRun = new TreeMap<>();
        for (Block block : blocks()) {
            if (!block.isRun() && !MEASUREMENTS.contains(block.page())) {
                notRun.put(block.place(), block.reason());
            }
        }
        notRun.forEach((place, reason) -> System.out.println("not run: " + place + ": " + reason));
        assertThat(notRun).hasSizeLessThanOrEqualTo(NOT_RUN_MAX);
        assertThat(notRun.values()).noneMatch(String::isBlank);
    }

    @Test
    void whatIsNotRunNamesWhatExists() throws Exception {
        Set<String> missing = new TreeSet<>();
        for (Block block : blocks()) {
            if (!block.isRun() && block.language().equals("sh")) {
                missing.addAll(Names.missing(block));
            }
        }
        assertThat(missing).isEmpty();
    }

    @TestFactory
    Stream<DynamicTest> javaCompilesAndRuns() throws Exception {
        List<Block> java = blocks().stream()
                .filter(block -> block.language().equals("java") && block.isRun())
                .toList();
        Snippets snippets = new Snippets(Files.createDirectories(folder.resolve("java")));
        List<String> faults = snippets.compile(java);
        DynamicTest compiles = DynamicTest.dynamicTest("compiles", () -> {
            assertThat(faults).isEmpty();
            assertThat(java).hasSizeGreaterThan(ONLY.isEmpty() ? JAVA_MIN : 0);
        });
        return Stream.concat(
                Stream.of(compiles),
                pages.stream()
                        .filter(page -> page.blocks().stream().anyMatch(DocsTest::isRunnableJava))
                        .map(page -> DynamicTest.dynamicTest(page.name(), () -> runJava(page, snippets))));
    }

    @TestFactory
    Stream<DynamicTest> commandsAndFilesDoWhatThePageSays() {
        return pages.stream()
                .filter(page -> page.blocks().stream().anyMatch(block -> block.isRun() && isForTerminal(block)))
                .map(page -> DynamicTest.dynamicTest(page.name(), () -> runCommands(page)));
    }

    // ---- one page

    private static void runJava(Page page, Snippets snippets) throws Exception {
        Path scratch = scratch(page, "java");
        List<Block> blocks = page.blocks();
        for (int i = 0; i < blocks.size(); i++) {
            Block block = blocks.get(i);
            if (!block.file().isEmpty()) {
                Files.writeString(scratch.resolve(block.file()), block.text());
            }
            if (isRunnableJava(block)) {
                String printed = snippets.run(block, scratch);
                Block behind = i + 1 < blocks.size() ? blocks.get(i + 1) : block;
                if (behind.language().equals("text") && behind.isMarked("output")) {
                    assertThat(printed).as(block.place()).isEqualTo(behind.text());
                }
            }
        }
    }

    private static void runCommands(Page page) throws Exception {
        Path scratch = scratch(page, "sh");
        List<String> wrong = new ArrayList<>();
        try (Terminal terminal = new Terminal(scratch)) {
            Installed.in(scratch, terminal);
            for (Block block : page.blocks()) {
                if (!block.file().isEmpty()) {
                    Files.writeString(scratch.resolve(block.file()), terminal.here(block.text()));
                }
                if (block.isRun() && isForTerminal(block)) {
                    wrong.addAll(run(block, terminal, scratch));
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    private static List<String> run(Block block, Terminal terminal, Path scratch) throws Exception {
        switch (block.language()) {
            case "", "sh" -> {
                return terminal.type(withoutThis(block));
            }
            case "hocon" -> {
                Files.writeString(scratch.resolve("docs.conf"), terminal.here(block.text()));
                String check = "$ ./dunlin --config docs.conf --check-config 2>faults || cat faults\nOK\n";
                return terminal.type(new Block(block.page(), block.line(), "sh", check, List.of()));
            }
            case "conf" -> {
                Path file = Files.writeString(scratch.resolve("mosquitto.conf"), terminal.here(block.text()));
                return dev.dunlin.server.mosquitto.Configuration.read(file).findings().stream()
                        .map(finding -> block.place() + ": " + finding)
                        .toList();
            }
            case "acl" ->
                AclFile.at(Files.writeString(scratch.resolve("docs.acl"), block.text()))
                        .close();
            case "json" ->
                assertThat(ConfigFactory.parseReader(new StringReader(block.text()))
                                .isEmpty())
                        .isFalse();
            case "xml" ->
                DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(new InputSource(new StringReader("<all>" + block.text() + "</all>")));
            default -> {
                return List.of(block.place() + ": nobody here runs " + block.language() + "; say why not");
            }
        }
        return List.of();
    }

    private static Block withoutThis(Block block) {
        String text =
                block.text().lines().filter(line -> !line.startsWith(THIS)).collect(Collectors.joining("\n", "", "\n"));
        return new Block(block.page(), block.line(), block.language(), text, block.marks());
    }

    private static boolean isForTerminal(Block block) {
        return !Set.of("java", "text").contains(block.language());
    }

    private static boolean isRunnableJava(Block block) {
        return block.language().equals("java") && block.isRun() && (Snippets.isProgram(block) || block.isMarked("run"));
    }

    private static Path scratch(Page page, String kind) throws IOException {
        return Files.createDirectories(folder.resolve(kind).resolve(page.name().replaceAll("\\W", "_")));
    }

    private static List<Block> blocks() {
        return pages.stream().flatMap(page -> page.blocks().stream()).toList();
    }
}
