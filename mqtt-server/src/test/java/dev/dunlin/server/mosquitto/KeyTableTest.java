package dev.dunlin.server.mosquitto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.server.MosquittoConfTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/from-mosquitto.md and the code say the same of each key, and each that is supported has a test that shows it. */
final class KeyTableTest {
    private static final List<Class<?>> TESTS =
            List.of(ConfigurationReaderTest.class, KeysTest.class, KeysOfAccessTest.class, MosquittoConfTest.class);

    /** Verdict and what goes with it: the default or the reason. */
    private static Map<String, String> documented() throws IOException {
        Map<String, String> rows = new TreeMap<>();
        Path document = Path.of("..", "docs", "from-mosquitto.md");
        for (String line : Files.readAllLines(document)) {
            String[] cells = line.split("\\|", -1);
            if (line.startsWith("| `")
                    && cells.length == 6
                    && cells[2].strip().matches("supported|refused|refused, always")) {
                String key = cells[1].strip().replace("`", "");
                boolean supported = cells[2].strip().equals("supported");
                assertThat(cells[3]).as(line).isNotBlank();
                String before = rows.put(key, cells[2].strip() + ": " + cells[supported ? 4 : 3].strip());
                assertThat(before).as("%s is there twice", key).isNull();
            }
        }
        return rows;
    }

    @Test
    void theDocumentSaysWhatTheCodeDoes() throws Exception {
        Map<String, String> code = new LinkedHashMap<>();
        for (Key key : Key.values()) {
            code.put(key.spelling(), "supported: " + (key.initially() == null ? "" : key.initially()));
        }
        UnsupportedKeys.all()
                .forEach((key, reason) ->
                        code.put(key, (UnsupportedKeys.restricts(key) ? "refused, always: " : "refused: ") + reason));
        assertThat(documented()).containsExactlyInAnyOrderEntriesOf(code);
    }

    @Test
    void everySupportedKeyHasATest() {
        Set<Key> shown = EnumSet.noneOf(Key.class);
        TESTS.stream()
                .flatMap(tests -> Stream.of(tests.getDeclaredMethods()))
                .filter(method -> method.isAnnotationPresent(Shows.class))
                .flatMap(method ->
                        Arrays.stream(method.getAnnotation(Shows.class).value()))
                .forEach(shown::add);
        assertThat(shown).containsExactlyInAnyOrder(Key.values());
    }
}
