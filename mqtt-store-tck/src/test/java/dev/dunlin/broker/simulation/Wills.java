package dev.dunlin.broker.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Wills: published once when a connection ends without DISCONNECT 0x00, after their delay or with the end of the session, not
 * if the client is back before, and otherwise never [5.0:MQTT-3.1.2-8, MQTT-3.1.2-10, MQTT-3.1.3-9], [3.1.1:MQTT-3.1.2-8,
 * MQTT-3.1.2-10].
 */
final class Wills {
    private final Model model;
    private final Map<String, Will> offered = new HashMap<>();
    private final Map<String, Will> present = new HashMap<>();

    /** Whose CONNECT has been sent, and no answer has come. */
    private final Set<String> underWay = new HashSet<>();

    /** Wills that were or may have been published. */
    private final List<Will> over = new ArrayList<>();

    private final Map<Integer, Will> byMessage = new HashMap<>();

    private enum State {
        /** CONNECT is under way. */
        OFFERED,
        /** The connection stands: not to be published. */
        HELD,
        /** The connection is lost: to be published when its time has come. */
        DUE,
        /** It may be published, or not: nobody knows whether its connection had come to be, or who was faster. */
        OPEN,
        /** It must never be published. */
        VOID,
        /** It must have been published. */
        PUBLISHED
    }

    private static final class Will {
        final Message message;
        final long delayMs;
        final boolean persistent;
        State state = State.OFFERED;
        long lostAt;
        long lostWallMs;
        long earliestMs;
        long latestMs = Message.NEVER;

        /** When the broker ended the connection, before its client knew. */
        long endedByBrokerMs = Message.NEVER;

        long endedByBrokerAt = Message.NEVER;

        /** Whether it was void because of a DISCONNECT, which a crash may make forgotten. */
        boolean voidLazily;

        Will(Message message, long delayMs, boolean persistent) {
            this.message = message;
            this.delayMs = delayMs;
            this.persistent = persistent;
        }

        boolean isEndedByBroker() {
            return endedByBrokerMs != Message.NEVER;
        }
    }

    Wills(Model model) {
        this.model = model;
    }

    /** A CONNECT with a will is about to be sent. */
    void offer(String client, Message message, long delayMs, boolean persistent) {
        message.will = true;
        message.sends = 1;
        message.sentAt = model.at();
        Will will = new Will(message, delayMs, persistent);
        byMessage.put(message.id, will);
        offered.put(client, will);
    }

    /** CONNECT is sent: it may overtake the DISCONNECT of the connection before. */
    void connecting(String client) {
        underWay.add(client);
        Will former = present.get(client);
        if (former != null && former.state == State.OPEN) {
            former.voidLazily = false;
        }
    }

    /** CONNACK has come. */
    void connected(String client, boolean sessionPresent) {
        underWay.remove(client);
        Will former = present.remove(client);
        if (former != null) {
            boolean inTime = sessionPresent && model.nowMs() < former.earliestMs;
            settle(former, inTime, sessionPresent);
        }
        Will made = offered.remove(client);
        if (made != null) {
            made.state = State.HELD;
            present.put(client, made);
        }
    }

    private void settle(Will former, boolean inTime, boolean sessionPresent) {
        if (former.state != State.DUE) {
            former.state = former.state == State.VOID ? State.VOID : State.OPEN;
        } else if (inTime) {
            former.state = State.VOID;
        } else if (!sessionPresent || former.delayMs == 0) {
            former.state = State.PUBLISHED; // the session has ended, or it never waited
        } else {
            former.state = State.OPEN;
        }
        over.add(former);
    }

    /** CONNACK was an error. */
    void refused(String client) {
        underWay.remove(client);
        Will made = offered.remove(client);
        if (made != null) {
            made.state = State.VOID;
        }
    }

    /** The connection is over for the client. Returns a will that is published at once, behind everything it has sent. */
    @Nullable
    Message closed(String client, boolean orderly) {
        if (underWay.remove(client)) { // nobody knows whether its connection has come to be
            Will made = offered.remove(client);
            if (made != null) {
                made.state = State.OPEN;
                over.add(made);
            }
            Will former = present.get(client);
            if (former != null && former.state != State.VOID && former.delayMs > 0) {
                former.state = State.OPEN;
            }
            return null;
        }
        Will will = present.get(client);
        if (will == null || will.state != State.HELD) {
            return null;
        }
        will.lostAt = Math.min(model.at(), will.endedByBrokerAt);
        will.message.sentAt = will.lostAt;
        if (orderly) {
            will.state = State.OPEN; // DISCONNECT is under way
            will.voidLazily = !will.isEndedByBroker();
        } else {
            will.state = State.DUE;
            will.lostWallMs = model.time.wallMs();
            will.earliestMs = Math.min(model.nowMs(), will.endedByBrokerMs) + will.delayMs;
        }
        return will.delayMs == 0 ? will.message : null;
    }

    /** The broker has ended the connection; its client doesn't know yet. */
    void endedByBroker(String client) {
        for (Will will : Arrays.asList(present.get(client), offered.get(client))) { // CONNACK may be on its way
            if (will != null) {
                will.endedByBrokerMs = Math.min(will.endedByBrokerMs, model.nowMs());
                will.endedByBrokerAt = Math.min(will.endedByBrokerAt, model.at());
                will.voidLazily &= will.state != State.OPEN; // it didn't wait for the DISCONNECT that is under way
            }
        }
    }

    /** The broker knows that the connection is over. */
    void noticed(String client) {
        Will will = present.get(client);
        if (will == null) {
            return;
        }
        boolean wasRead = model.lastTroubleAt() < will.lostAt; // else it may stand behind a PUBLISH that isn't answered
        if (will.state == State.OPEN && will.voidLazily && wasRead && !hasCome(will)) {
            will.state = State.VOID;
        } else if (will.state == State.DUE && will.latestMs == Message.NEVER) {
            will.latestMs = model.nowMs() + will.delayMs + model.slackMs;
        }
    }

    void restarted(Model.Restart how) {
        for (Will will : present.values()) {
            restarted(will, how);
        }
        if (how == Model.Restart.CRASH) { // its publish may not have been durable: then it is repeated
            for (Will will : over) {
                mayBeRepeated(will);
                if (!will.persistent && !will.message.isAcknowledged()) {
                    will.state = will.state == State.VOID ? State.VOID : State.OPEN; // and its session is gone
                }
            }
        }
    }

    /** Somebody has set the wall clock: the broker may not know yet that a connection is over. */
    void jumped() {
        for (Will will : present.values()) {
            will.lostWallMs = Math.min(will.lostWallMs, model.time.wallMs());
        }
    }

    private void restarted(Will will, Model.Restart how) {
        will.lostWallMs = Math.min(will.lostWallMs, model.time.wallMs());
        long elapsedMs =
                Math.max(0, model.wallMs() - will.lostWallMs); // over a restart it is the wall clock that counts
        will.earliestMs = Math.min(will.earliestMs, model.nowMs() + Math.max(0, will.delayMs - elapsedMs));
        if (how == Model.Restart.FORGETFUL || !will.persistent) {
            boolean open = will.state == State.DUE || will.state == State.OPEN;
            will.state = open ? State.OPEN : will.state == State.HELD ? State.VOID : will.state;
        } else if (how == Model.Restart.CRASH) {
            mayBeRepeated(will);
            if (will.state == State.VOID && will.voidLazily) {
                will.state = State.OPEN;
            }
            if (will.state == State.DUE) {
                will.latestMs = model.nowMs() + will.delayMs + model.slackMs;
            }
        } else if (will.state == State.DUE) {
            will.latestMs = model.nowMs() + will.delayMs + model.slackMs;
        }
    }

    /** Published before the crash, and not yet durable: it may come once more with QoS 1, not with QoS 2 to whoever is stored. */
    private static void mayBeRepeated(Will will) {
        if (will.persistent) {
            will.message.sends++;
        }
    }

    /** The broker is about to be stopped in good order: it publishes no wills of those who are connected. */
    void stopping() {
        for (Will will : present.values()) {
            if (will.state == State.HELD) {
                will.state = State.VOID;
            } else if (will.state == State.DUE && will.latestMs == Message.NEVER) {
                will.state = State.OPEN; // the broker may not know that its client is gone
            }
        }
    }

    /** Something has come: should it be a will, then it may have been published. */
    void delivered(Message message) {
        Will will = byMessage.get(message.id);
        if (will != null) {
            if (!will.persistent && model.lastTroubleAt() >= will.lostAt) {
                message.order = Message.UNORDERED; // it waits until the store is well, and its client for nothing
            }
            Model.require(
                    (will.state != State.HELD || will.isEndedByBroker()) && will.state != State.VOID,
                    "{} was published: {}",
                    message,
                    will.state == State.HELD ? "its client is connected" : "it must not be");
        }
    }

    private boolean hasCome(Will will) {
        return model.sessions().stream().anyMatch(session -> session.hasCome(will.message.id));
    }

    /** Nothing moves: what had to be published has come to everybody who was subscribed all the time. */
    void quiet() {
        for (Will will : present.values()) {
            if (will.state == State.DUE && model.nowMs() > will.latestMs) {
                will.state = State.PUBLISHED;
                over.add(will);
            }
        }
        for (Will will : over) {
            if (will.state == State.PUBLISHED && !will.message.isAcknowledged()) {
                model.routed(Objects.requireNonNull(will).message);
            }
        }
    }
}
