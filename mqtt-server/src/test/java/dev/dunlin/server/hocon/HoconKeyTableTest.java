package dev.dunlin.server.hocon;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import dev.dunlin.broker.ListenersLimits;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.server.HoconProcessTest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The reference file, the code, the tests and docs/configuration.md know the same keys. */
final class HoconKeyTableTest {
    private static final List<Class<?>> TESTS =
            List.of(HoconKeysTest.class, HoconAccessTest.class, HoconAdminTest.class, HoconProcessTest.class);

    /** Every key of a section, also those that are null. */
    private static Map<String, ConfigValue> keys(String prefix, ConfigObject section) {
        Map<String, ConfigValue> keys = new TreeMap<>();
        section.forEach((name, value) -> {
            String key = prefix + ConfigUtil.joinPath(name);
            if (value instanceof ConfigObject inner) {
                keys.putAll(keys(key + ".", inner));
            } else {
                keys.put(key, value);
            }
        });
        return keys;
    }

    private static Map<String, ConfigValue> ofListeners() {
        return keys("", Reference.config().getObject(Keys.LISTENER_DEFAULTS));
    }

    private static Map<String, ConfigValue> ofTheBroker() {
        return keys("", Reference.config().root().withoutKey(Keys.LISTENERS).withoutKey(Keys.LISTENER_DEFAULTS));
    }

    @Test
    void theReferenceHasTheKeysOfTheCode() {
        assertThat(ofTheBroker().keySet()).isEqualTo(new TreeSet<>(Keys.BROKER.keySet()));
        assertThat(ofListeners().keySet()).isEqualTo(new TreeSet<>(Keys.LISTENER.keySet()));
        assertThat(Reference.config().root().keySet()).contains(Keys.LISTENERS);
    }

    @Test
    void theReferenceSaysOfEachKeyWhatItIs() {
        Map<String, ConfigValue> keys = new TreeMap<>(ofTheBroker());
        ofListeners().forEach((key, value) -> {
            boolean isSaidOfTheSection = key.startsWith(Keys.LIMITS) || key.startsWith("security.");
            if (!isSaidOfTheSection) {
                keys.put(Keys.LISTENER_DEFAULTS + "." + key, value);
            }
        });
        assertThat(keys)
                .allSatisfy((key, value) ->
                        assertThat(value.origin().comments()).as(key).isNotEmpty());
    }

    @Test
    void theReferenceHasTheDefaultsOfTheServer() {
        Limits unchanged = Limits.STANDALONE.withPacketBytesMax(4711).withMemoryBudgetBytes(4711);
        assertThat(Reference.broker().limits(unchanged)).isEqualTo(unchanged);
        Bounds.all().stream()
                .map(bound -> Given.keyOfLimit(bound.getName()))
                .filter(key -> !Set.of("limits.packet-bytes-max", "limits.memory-budget-bytes")
                        .contains(key))
                .forEach(key -> assertThat(Reference.broker().has(key)).as(key).isTrue());
        assertThat(Reference.listener().limits(unchanged)).isEqualTo(unchanged);
    }

    @Test
    void aListenerMayHaveTheBoundsThatTheBrokerAllows() {
        Bounds.all().forEach(bound -> {
            Object other = bound.getType() == long.class
                    ? (Object) 2049L
                    : bound.getType() == int.class ? (Object) 2049 : null;
            boolean allowed = other != null
                    && ListenersLimits.areAllowed(Bounds.with(Limits.STANDALONE, Map.of(bound.getName(), other)));
            assertThat(Keys.LISTENER.containsKey(Given.keyOfLimit(bound.getName())))
                    .as(bound.getName())
                    .isEqualTo(allowed);
        });
    }

    @Test
    void everyKeyHasATest() {
        Set<String> shown = new TreeSet<>();
        TESTS.stream()
                .flatMap(tests -> Stream.of(tests.getDeclaredMethods()))
                .filter(method -> method.isAnnotationPresent(ShowsKeys.class))
                .flatMap(method ->
                        Arrays.stream(method.getAnnotation(ShowsKeys.class).value()))
                .forEach(shown::add);
        Set<String> all = new TreeSet<>(Keys.BROKER.keySet());
        all.addAll(Keys.LISTENER.keySet());
        all.removeIf(key -> key.startsWith(Keys.LIMITS)); // HoconKeysTest goes through all of them
        assertThat(shown).isEqualTo(all);
    }

    @Test
    void theDocumentHasTheReferenceInIt() throws Exception {
        assertThat(Files.readString(Path.of("..", "docs", "configuration.md")))
                .contains("```hocon\n" + HoconFile.reference() + "```\n");
    }
}
