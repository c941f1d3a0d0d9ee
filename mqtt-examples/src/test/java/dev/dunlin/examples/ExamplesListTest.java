package dev.dunlin.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/examples.md lists what there is, and what there is can be copied. */
class ExamplesListTest {
    private static final Path DOCS = Path.of("..", "docs");
    private static final Path MAIN = Path.of("src", "main", "java", "dev", "dunlin", "examples");
    private static final Path SPRING =
            Path.of("..", "mqtt-examples-spring", "src", "main", "java", "dev", "dunlin", "examples", "spring");
    private static final Path TEST = Path.of("src", "test", "java", "dev", "dunlin", "examples", "ThermostatTest.java");

    private static final Pattern ROW = Pattern.compile("(?m)^\\| \\[(\\w+)]\\(([^)]+)\\) \\| (.+) \\|$");
    private static final Pattern DOCUMENTED = Pattern.compile("\\*/\n(?:@.*\n)*(?:public )?(?:final )?class ");
    private static final Pattern LINK = Pattern.compile("]\\(([^)]+)\\)");
    private static final Pattern IMPORT = Pattern.compile("(?m)^import (?:static )?(dev\\.dunlin\\.[\\w.]+);");

    /** What users have on their class paths. */
    private static final Pattern PUBLIC = Pattern.compile(
            "dev\\.dunlin\\.(?:broker|broker\\.spi|codec|auth|store\\.\\w+|metrics\\.micrometer|junit)\\.[A-Z][\\w.]*");

    private static List<Path> examples() throws IOException {
        List<Path> all = new ArrayList<>();
        for (Path folder : List.of(MAIN, SPRING)) {
            try (Stream<Path> files = Files.list(folder)) {
                all.addAll(files.toList());
            }
        }
        all.add(TEST);
        return all;
    }

    @Test
    void listsEveryExampleOnce() throws IOException {
        List<String> expected = new ArrayList<>();
        for (Path example : examples()) {
            expected.add(example.toFile().getCanonicalPath());
        }
        List<String> listed = new ArrayList<>();
        for (MatchResult row : ROW.matcher(Files.readString(DOCS.resolve("examples.md")))
                .results()
                .toList()) {
            Path file = DOCS.resolve(row.group(2));
            assertThat(file).exists().hasFileName(row.group(1) + ".java");
            listed.add(file.toFile().getCanonicalPath());
        }
        assertThat(listed).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void linksToWhatExists() throws IOException {
        assertThat(LINK.matcher(Files.readString(DOCS.resolve("examples.md"))).results())
                .isNotEmpty()
                .allSatisfy(link -> assertThat(DOCS.resolve(link.group(1))).exists());
    }

    @Test
    void eachIsOneFileWithAMainAndSaysWhatItShows() throws IOException {
        for (Path example : examples()) {
            String text = Files.readString(example);
            assertThat(text).as("%s", example).containsPattern(DOCUMENTED);
            assertThat(text)
                    .as("%s", example)
                    .contains(example.equals(TEST) ? "@Test" : "public static void main(String[] args)");
        }
    }

    @Test
    void noneNeedsWhatUsersDoNotHave() throws IOException {
        for (Path example : examples()) {
            assertThat(IMPORT.matcher(Files.readString(example)).results())
                    .as("%s", example)
                    .isNotEmpty()
                    .allSatisfy(used -> assertThat(used.group(1)).matches(PUBLIC));
        }
    }

    @Test
    void eachHasATestThatRunsIt() throws IOException {
        String tests = sources(Path.of("src", "test", "java"))
                + sources(Path.of("..", "mqtt-examples-spring", "src", "test", "java"));
        for (Path example : examples()) {
            String name = example.getFileName().toString().replace(".java", "");
            if (!example.equals(TEST)) {
                assertThat(tests).as(name).containsPattern("\\b" + name + "\\.class\\b");
            }
        }
    }

    private static String sources(Path folder) throws IOException {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".java")).toList()) {
                all.append(Files.readString(file));
            }
        }
        return all.toString();
    }
}
