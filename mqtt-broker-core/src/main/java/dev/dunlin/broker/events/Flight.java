package dev.dunlin.broker.events;

import java.util.Optional;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;

/**
 * The broker's events in recordings of the JVM (JDK Flight Recorder, category "Dunlin"). As long as nobody has begun a recording,
 * asking for one is all that happens, and no class of an event is loaded: each of them would take the recorder's whole set-up
 * with it. A JVM without the module {@code jdk.jfr} records nothing. Any thread.
 *
 * <p>What takes time is begun, and ended by whoever has begun it: each method that begins something returns null while nothing
 * is recorded.
 */
public final class Flight {
    private static final boolean PRESENT = isPresent();

    private Flight() {}

    private static boolean isPresent() {
        Optional<Module> recorder = ModuleLayer.boot().findModule("jdk.jfr");
        return recorder.isPresent() && Flight.class.getModule().canRead(recorder.get());
    }

    /** Whether there is, or was, a recording. */
    public static boolean isOn() {
        return PRESENT && FlightRecorder.isInitialized(); // Recorder would have its events loaded to be verified
    }

    /** Something that has begun and is being recorded. */
    public interface Span {}

    /** A CONNECT has come. */
    public static @Nullable Span connectionBegins() {
        return isOn() ? Recorder.connectionBegins() : null;
    }

    /** That connection has ended. */
    public static void connectionEnds(Span begun, String clientId, String listener, String cause) {
        Recorder.connectionEnds(begun, clientId, listener, cause);
    }

    /**
     * A turn of a loop begins.
     *
     * @param last the span of the turn before, to be used again
     */
    public static @Nullable Span turnBegins(@Nullable Span last) {
        return isOn() ? Recorder.turnBegins(last) : null;
    }

    /** That turn is over. */
    public static void turnEnds(Span begun, int loop) {
        Recorder.turnEnds(begun, loop);
    }

    /** A group of changes is about to be written. */
    public static @Nullable Span commitBegins() {
        return isOn() ? Recorder.commitBegins() : null;
    }

    /** That group is written, and synced if it was to be; or it has failed. */
    public static void commitEnds(Span begun, long bytes, int operations) {
        Recorder.commitEnds(begun, bytes, operations);
    }

    /** Whether {@link #dropped} is worth calling. */
    public static boolean recordsDrops() {
        return isOn() && Recorder.recordsDrops();
    }

    /** Deliveries have ended without being made. */
    public static void dropped(String clientId, String topic, String reason, long count) {
        if (isOn()) {
            Recorder.dropped(clientId, topic, reason, count);
        }
    }

    /** A client has taken its session over from another connection. */
    public static void takenOver(String clientId, Object by) {
        if (isOn()) {
            Recorder.takenOver(clientId, by.toString());
        }
    }
}
