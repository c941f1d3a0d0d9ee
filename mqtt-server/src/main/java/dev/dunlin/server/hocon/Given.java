package dev.dunlin.server.hocon;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValueFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What counts before a configuration file.
 *
 * @param environment the variables of the process, of which those that begin with {@link #PREFIX} are keys
 * @param options of the command line
 * @param ports in the place of those of the first listeners on TCP
 */
public record Given(Map<String, String> environment, List<Option> options, List<Integer> ports) {
    /** Then the key in capitals: two underscores for a dot, one for a hyphen. */
    public static final String PREFIX = "DUNLIN_CONFIG_";

    /** Nothing. */
    public static final Given NOTHING = new Given(Map.of(), List.of(), List.of());

    /** Copies the collections. */
    public Given {
        environment = Map.copyOf(environment);
        options = List.copyOf(options);
        ports = List.copyOf(ports);
    }

    /**
     * An option of the command line that stands for a key.
     *
     * @param name such as {@code --store}
     * @param key such as {@code store.engine}
     * @param value as the file would have it; null for nothing
     */
    public record Option(String name, String key, @Nullable Object value) {}

    /** The key that a bound of {@link dev.dunlin.broker.spi.Limits} has in the file. */
    public static String keyOfLimit(String bound) {
        return Keys.LIMITS + Bounds.spelling(bound);
    }

    /** All of it but the ports: what the command line says before what the environment says. */
    Config layer() {
        Config layer = ConfigFactory.empty();
        for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
            if (variable.getKey().startsWith(PREFIX)) {
                layer = with(layer, key(variable.getKey()), variable.getValue(), variable.getKey());
            }
        }
        for (Option option : options) {
            layer = with(layer, option.key, option.value, option.name);
        }
        return layer;
    }

    private static Config with(Config layer, String key, @Nullable Object value, String origin) {
        return layer.withValue(key, ConfigValueFactory.fromAnyRef(value, origin));
    }

    /** Each word is quoted where it has to be: a name may be anything. */
    private static String key(String variable) {
        String[] words = variable.substring(PREFIX.length())
                .toLowerCase(Locale.ROOT)
                .replace("__", ".")
                .replace('_', '-')
                .split("\\.", -1);
        return ConfigUtil.joinPath(Arrays.asList(words));
    }
}
