package dev.dunlin.broker;

import dev.dunlin.broker.spi.Limits;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which bounds a listener may have of its own: those of one connection, and of those that come through it. */
final class ListenerLimits {
    private static final RecordComponent[] BOUNDS = Limits.class.getRecordComponents();
    private static final Set<String> OWN = new TreeSet<>(Set.of(
            "connectionsMax",
            "connectTimeoutMs",
            "packetBytesMax",
            "connectPacketBytesMax",
            "receiveMaximum",
            "outputBytesMax",
            "topicLevelsMax",
            "topicBytesMax",
            "topicAliasMax",
            "userPropertiesMax",
            "keepAliveMaxSeconds",
            "publishesPerSecondMax",
            "publishBytesPerSecondMax",
            "connectionsPerAddressMax",
            "connectsPerSecondPerAddress",
            "payloadBytesMax",
            "webSocketHeaderBytesMax"));

    private ListenerLimits() {}

    /** What is wrong with the bounds of a listener, in words; null if nothing is. */
    static @Nullable String fault(String listener, Limits own, Limits broker) {
        for (RecordComponent bound : BOUNDS) {
            Object wanted = value(bound, own);
            Object given = value(bound, broker);
            if (!wanted.equals(given) && !OWN.contains(bound.getName())) {
                return "listener " + listener + " can't have a " + bound.getName() + " of its own (" + wanted
                        + "; the broker's is " + given + "), only " + String.join(", ", OWN);
            }
        }
        return null;
    }

    /** What a listener has of its own: the bounds, by their names, that aren't the broker's. */
    static Map<String, Object> own(Limits listener, Limits broker) {
        Map<String, Object> own = new HashMap<>();
        for (RecordComponent bound : BOUNDS) {
            Object value = value(bound, listener);
            if (!value.equals(value(bound, broker))) {
                own.put(bound.getName(), value);
            }
        }
        return own;
    }

    /** The bounds of a listener that has these of its own, and else the broker's. */
    static Limits of(Map<String, Object> own, Limits broker) {
        Object[] values = Arrays.stream(BOUNDS)
                .map(bound -> own.getOrDefault(bound.getName(), value(bound, broker)))
                .toArray();
        try {
            return Limits.class
                    .getConstructor(
                            Arrays.stream(BOUNDS).map(RecordComponent::getType).toArray(Class<?>[]::new))
                    .newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a public record of good values can be made: " + own, e);
        }
    }

    private static Object value(RecordComponent bound, Limits of) {
        try {
            return bound.getAccessor().invoke(of);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the accessors of a public record are public: " + bound, e);
        }
    }
}
