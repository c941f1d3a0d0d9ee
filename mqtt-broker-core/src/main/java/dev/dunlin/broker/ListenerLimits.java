package dev.dunlin.broker;

import dev.dunlin.broker.spi.Limits;
import java.lang.reflect.RecordComponent;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which bounds a listener may have of its own: those of one connection, and of those that come through it. */
final class ListenerLimits {
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
    static @Nullable String fault(Listener listener, Limits broker) {
        Limits own = listener.limits();
        if (own == null) {
            return null;
        }
        for (RecordComponent bound : Limits.class.getRecordComponents()) {
            Object wanted = value(bound, own);
            Object given = value(bound, broker);
            if (!wanted.equals(given) && !OWN.contains(bound.getName())) {
                return "listener " + listener.name() + " can't have a " + bound.getName() + " of its own (" + wanted
                        + "; the broker's is " + given + "), only " + String.join(", ", OWN);
            }
        }
        return null;
    }

    private static Object value(RecordComponent bound, Limits of) {
        try {
            return bound.getAccessor().invoke(of);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the accessors of a public record are public: " + bound, e);
        }
    }
}
