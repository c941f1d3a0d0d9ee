package dev.dunlin.broker.events;

import jdk.jfr.Event;
import org.jspecify.annotations.Nullable;

/** What {@link Flight} does where there is a recording; not loaded before. */
final class Recorder {
    private Recorder() {}

    /** A recording may have ended, or not want this event. */
    private static <E extends Event & Flight.Span> Flight.@Nullable Span begun(E event) {
        if (!event.isEnabled()) {
            return null;
        }
        event.begin();
        return event;
    }

    static boolean recordsDrops() {
        return new DropEvent().isEnabled();
    }

    static Flight.@Nullable Span connectionBegins() {
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

    static Flight.@Nullable Span turnBegins(Flight.@Nullable Span last) {
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

    static Flight.@Nullable Span commitBegins() {
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
