package dev.dunlin.server.hocon;

import dev.dunlin.broker.spi.Limits;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The bounds of {@link Limits} by their names. */
public final class Bounds {
    private Bounds() {}

    /** All of them, in the order of the record. */
    public static List<RecordComponent> all() {
        return List.of(Limits.class.getRecordComponents());
    }

    /**
     * These limits with others of these bounds.
     *
     * @param values by the name of the bound, each of the bound's type
     * @throws IllegalArgumentException naming a bound that is out of its range
     */
    public static Limits with(Limits limits, Map<String, Object> values) {
        if (values.isEmpty()) {
            return limits;
        }
        List<RecordComponent> bounds = all();
        Object[] arguments = new Object[bounds.size()];
        try {
            for (int i = 0; i < arguments.length; i++) {
                Object present = bounds.get(i).getAccessor().invoke(limits);
                arguments[i] = values.getOrDefault(bounds.get(i).getName(), present);
            }
            Class<?>[] types = bounds.stream().map(RecordComponent::getType).toArray(Class<?>[]::new);
            return Limits.class.getConstructor(types).newInstance(arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException outOfRange) {
                throw outOfRange;
            }
            throw new IllegalStateException("a record's constructor and accessors throw nothing else", e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "a public record's constructor and accessors are public: " + Arrays.toString(arguments), e);
        }
    }

    /** As the configuration file spells a name: {@code queueBytesMax} is {@code queue-bytes-max}. */
    static String spelling(String name) {
        StringBuilder spelt = new StringBuilder();
        for (char letter : name.toCharArray()) {
            if (Character.isUpperCase(letter)) {
                spelt.append('-');
            }
            spelt.append(Character.toLowerCase(letter));
        }
        return spelt.toString();
    }
}
