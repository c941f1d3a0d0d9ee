package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.Limits;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/events.md lists the events that there are, and no others. */
final class EventsDocTest {
    private static final Path PAGE = Path.of("../docs/events.md");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z.-]+)` \\| `(\\w+)` \\|");

    private static Map<String, String> documented() throws IOException {
        return ROW.matcher(Files.readString(PAGE))
                .results()
                .collect(Collectors.toMap(row -> row.group(1), row -> row.group(2), (a, b) -> a + b, TreeMap::new));
    }

    private static Map<String, String> defined() throws ReflectiveOperationException {
        Map<String, String> ids = new TreeMap<>();
        for (Class<?> kind : BrokerEvent.class.getPermittedSubclasses()) {
            String before = ids.put((String) kind.getField("ID").get(null), kind.getSimpleName());
            assertThat(before).as("an id of two kinds").isNull();
        }
        return ids;
    }

    @Test
    void listsEveryKindByItsId() throws Exception {
        assertThat(documented()).isEqualTo(defined());
    }

    @Test
    void namesBoundsThatThereAre() throws IOException {
        List<String> bounds = Arrays.stream(Limits.class.getRecordComponents())
                .map(RecordComponent::getName)
                .toList();
        String page = Files.readString(PAGE);
        String section = page.substring(page.indexOf("## Bounds"), page.indexOf("## Recordings"));
        assertThat(Pattern.compile("`(\\w+)`").matcher(section).results().map((MatchResult each) -> each.group(1)))
                .isNotEmpty()
                .allSatisfy(name -> assertThat(bounds).contains(name));
    }
}
