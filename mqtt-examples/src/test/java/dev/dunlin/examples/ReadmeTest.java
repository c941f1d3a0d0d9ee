package dev.dunlin.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is read first stays short, and its example is one that is run. */
class ReadmeTest {
    private static final Path ROOT = Path.of("..");
    private static final Path MINIMAL = Path.of("src/main/java/dev/dunlin/examples/EmbedMinimal.java");
    private static final Pattern JAVA_BLOCK = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);

    @ParameterizedTest
    @CsvSource({"README.md,120", "CONTRIBUTING.md,60"})
    void fitsItsBounds(String file, int linesMax) throws IOException {
        List<String> lines = Files.readAllLines(ROOT.resolve(file));

        assertThat(lines).hasSizeLessThanOrEqualTo(linesMax);
        assertThat(lines).allMatch(line -> line.length() <= 120);
    }

    @Test
    void theMinimalExampleIsMinimal() throws IOException {
        assertThat(Files.readAllLines(MINIMAL)).hasSizeLessThanOrEqualTo(20);
    }

    @Test
    void beginsWithTheMinimalExample() throws IOException {
        Matcher block = JAVA_BLOCK.matcher(Files.readString(ROOT.resolve("README.md")));
        assertThat(block.find()).isTrue();

        assertThat(Files.readString(MINIMAL).indent(-8)).contains(block.group(1));
    }
}
