package dev.dunlin.server.hocon;

import dev.dunlin.broker.spi.Limits;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The bounds of {@link Limits} by their names. */
public final class Bounds {
    private static final List<RecordComponent> ALL = List.of(Limits.class.getRecordComponents());
    private static final Constructor<Limits> CONSTRUCTOR = constructor();

    private Bounds() {}

    private static Constructor<Limits> constructor() {
        try {
            return Limits.class.getConstructor(
                    ALL.stream().map(RecordComponent::getType).toArray(Class<?>[]::new));
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException("a public record's constructor is public", e);
        }
    }

    /** All of them, in the order of the record. */
    public static List<RecordComponent> all() {
        return ALL;
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
        Object[] arguments = new Object[ALL.size()];
        try {
            for (int i = 0; i < arguments.length; i++) {
                Object given = values.get(ALL.get(i).getName());
                arguments[i] = given == null ? ALL.get(i).getAccessor().invoke(limits) : given;
            }
            return CONSTRUCTOR.newInstance(arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException outOfRange) {
                throw outOfRange;
            }
            throw new IllegalStateException("a record's constructor and accessors throw nothing else", e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a public record's constructor and accessors are public", e);
        }
    }

    /** As the configuration file spells a name: {@code queueBytesMax} is {@code queue-bytes-max}. */
    static String spelling(String name) {
        return name.replaceAll("(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
    }
}
