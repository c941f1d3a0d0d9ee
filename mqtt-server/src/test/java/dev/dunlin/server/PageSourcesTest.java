package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The files of the page keep to what makes it safe, whatever its clients are called. */
final class PageSourcesTest {
    private static final Path FOLDER = Path.of("src/main/resources/dev/dunlin/server/page");
    private static final String LIST = "files.txt";

    private static List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.equals(LIST))
                    .sorted()
                    .toList();
        }
    }

    /** What isn't ours comes as its project has built it. */
    static Stream<String> ownScripts() throws IOException {
        return files().stream().filter(name -> name.endsWith(".js") && !name.contains(".min."));
    }

    private static String read(String name) throws IOException {
        return Files.readString(FOLDER.resolve(name));
    }

    @Test
    void allAreListedAndNoOthers() throws Exception {
        assertThat(read(LIST).lines()).containsExactlyElementsOf(files());
    }

    @ParameterizedTest
    @MethodSource("ownScripts")
    void noScriptMakesElementsOrCodeOfText(String name) throws Exception {
        assertThat(read(name))
                .doesNotContain("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(")
                .doesNotContain("setHTML", "createContextualFragment", "srcdoc", "javascript:");
    }

    /** What the broker has measured is shown as the broker has written it. */
    @ParameterizedTest
    @MethodSource("ownScripts")
    void noScriptFormatsNumbers(String name) throws Exception {
        assertThat(read(name)).doesNotContain("toFixed", "toPrecision", "NumberFormat", "toLocaleString", "Math.round");
    }

    @Test
    void theDocumentHasNoScriptOrStyleWithinAndNothingFromElsewhere() throws Exception {
        assertThat(read("index.html"))
                .doesNotContainPattern("<script(?![^>]* src=)")
                .doesNotContainPattern("<style|\\sstyle=|\\son[a-z]+=")
                .doesNotContainPattern("(src|href)=\"(https?:)?//");
        assertThat(read("page.css")).doesNotContain("@import", "url(");
    }
}
