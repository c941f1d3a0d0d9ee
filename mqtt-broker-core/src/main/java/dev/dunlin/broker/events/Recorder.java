package dev.dunlin.broker.events;

import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;

/** What {@link Flight} does where there is a recorder. Only this class and the events name {@code jdk.jfr}. */
final class Recorder {
    private Recorder() {}

    static boolean isInitialized() {
        return FlightRecorder.isInitialized();
    }

    private static <E extends Event> E begun(E event) {
        event.begin();
        return event;
    }

    static Flight.Span connectionBegins() {
        return begun(new ConnectionEvent());
    }

    static void connectionEnds(Flight.Span begun, String clientId, String listener, String cause) {
        ConnectionEvent event = (ConnectionEvent) begun;
        event.end();
        if (event.shouldCommit()) {
            event.clientId = clientId;
            event.listener = listener;
            event.cause = cause;
            event.commit();
        }
    }

    static Flight.Span turnBegins(Flight.@Nullable Span last) {
        return begun(last == null ? new SlowTurnEvent() : (SlowTurnEvent) last);
    }

    static void turnEnds(Flight.Span begun, int loop) {
        SlowTurnEvent event = (SlowTurnEvent) begun;
        event.end();
        if (event.shouldCommit()) {
            event.loop = loop;
            event.commit();
        }
    }

    static Flight.Span commitBegins() {
        return begun(new CommitEvent());
    }

    static void commitEnds(Flight.Span begun, long bytes, int operations) {
        CommitEvent event = (CommitEvent) begun;
        event.end();
        if (event.shouldCommit()) {
            event.bytes = bytes;
            event.operations = operations;
            event.commit();
        }
    }

    static void dropped(String clientId, String topic, String reason, long count) {
        DropEvent event = new DropEvent();
        if (event.shouldCommit()) {
            event.clientId = clientId;
            event.topic = topic;
            event.reason = reason;
            event.count = count;
            event.commit();
        }
    }

    static void takenOver(String clientId, String by) {
        TakeoverEvent event = new TakeoverEvent();
        if (event.shouldCommit()) {
            event.clientId = clientId;
            event.by = by;
            event.commit();
        }
    }
}
