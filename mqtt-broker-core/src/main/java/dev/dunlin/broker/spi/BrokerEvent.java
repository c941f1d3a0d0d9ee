package dev.dunlin.broker.spi;

import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.net.SocketAddress;
import java.time.Instant;

/**
 * Something that has happened in a broker, for a {@link BrokerObserver}. Immutable; any thread. More kinds may be added: a
 * {@code switch} over them needs a default.
 */
public sealed interface BrokerEvent {

    /** When it has happened, by the broker's wall clock. */
    Instant at();

    /** What it is, as docs/events.md lists: stable, such as {@code client.connected}. */
    String id();

    /** Whom it is about: as each kind says; empty if nobody in particular. */
    String clientId();

    /** What has happened, in a readable sentence; what clients have chosen is in it as it came, see {@link Printable}. */
    String reason();

    private static String line(BrokerEvent event) {
        String who = event.clientId().isEmpty() ? "" : " client " + event.clientId() + ":";
        return Printable.text(event.at() + " " + event.id() + who + " " + event.reason());
    }

    /**
     * A client has got its CONNACK with success, and is connected.
     *
     * @param client who it is
     * @param sessionPresent whether its session was there before
     */
    record Connected(Instant at, ClientInfo client, boolean sessionPresent) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "client.connected";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String clientId() {
            return client.clientId();
        }

        @Override
        public String reason() {
            return "connected from " + client.remoteAddress() + " by " + client.listener()
                    + (sessionPresent ? ", with the session that it had" : ", with a new session");
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * A connection has ended before its CONNACK with success: it was refused, or given up.
     *
     * @param clientId client identifier; empty if no CONNECT has come
     * @param by who has ended it
     * @param code why, as a 5.0 client is told
     * @param text why, in words
     * @param address where it came from
     * @param listener name of the listener
     */
    record ConnectRefused(
            Instant at,
            String clientId,
            Disconnection.By by,
            ReasonCode code,
            String text,
            SocketAddress address,
            String listener)
            implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "client.refused";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String reason() {
            return "not connected, from " + address + " by " + listener + ": " + text + " (" + code + ")";
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * The connection of a client that was connected has ended.
     *
     * @param clientId client identifier
     * @param by who has ended it
     * @param code of the DISCONNECT that the client has sent, or was sent if its version knows that
     * @param text why, in words
     * @param willFollows whether its will is published, now or when its delay is over
     */
    record Disconnected(
            Instant at, String clientId, Disconnection.By by, ReasonCode code, String text, boolean willFollows)
            implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "client.disconnected";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String reason() {
            return "disconnected by " + by.words() + ": " + text + " (" + code + ")"
                    + (willFollows ? ", its will follows" : "");
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * A client has connected whose session still had another connection, which is ended.
     *
     * @param clientId client identifier
     * @param by where the new connection comes from
     */
    record TakenOver(Instant at, String clientId, SocketAddress by) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "client.taken-over";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String reason() {
            return "its session is taken over from " + by;
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * A client has a subscription, new or with other options.
     *
     * @param clientId client identifier
     * @param filter topic filter as the client said it, {@code $share/name/} included
     * @param granted maximum QoS
     */
    record Subscribed(Instant at, String clientId, String filter, QoS granted) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "subscription.made";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String reason() {
            return "subscribed to " + filter + " with " + granted;
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * A filter of a SUBSCRIBE was refused.
     *
     * @param clientId client identifier
     * @param filter topic filter as the client said it
     * @param code in SUBACK, as a 5.0 client is told
     */
    record SubscriptionRefused(Instant at, String clientId, String filter, ReasonCode code) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "subscription.refused";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String reason() {
            return "subscription to " + filter + " refused: " + code;
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * A client has ended a subscription by UNSUBSCRIBE.
     *
     * @param clientId client identifier
     * @param filter topic filter as the client said it
     */
    record Unsubscribed(Instant at, String clientId, String filter) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "subscription.ended";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String reason() {
            return "unsubscribed from " + filter;
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * A session is over, with all that was queued for it.
     *
     * @param clientId client identifier
     * @param text why, in words
     */
    record SessionEnded(Instant at, String clientId, String text) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "session.ended";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String reason() {
            return "session ended: " + text;
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * A session is over because its client hasn't come back in time.
     *
     * @param clientId client identifier
     * @param afterSeconds its session expiry interval, in seconds
     */
    record SessionExpired(Instant at, String clientId, long afterSeconds) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "session.expired";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String reason() {
            return "session expired, " + afterSeconds + " s after its connection";
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * Deliveries have ended without being made. What one event loop drops in one turn comes in one event for each client and reason; the
     * sum over all events is what {@code Broker.dropped} says.
     *
     * @param clientId who would have received them, or who published what was refused: a client identifier, or a name as in
     *     {@code Broker.droppedByClient}; empty for the sum over many clients, if too many lost something at once
     * @param topic the topic of the last of them, or the filter it came by
     * @param why why
     * @param count how many, 1 or more
     */
    record Dropped(Instant at, String clientId, String topic, DropReason why, long count) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "messages.dropped";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String reason() {
            return count + " dropped, the last on " + topic + ": " + why;
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * A bound of {@link Limits} has made a difference: something was refused, closed or slowed down. For one client and bound at most once a
     * second.
     *
     * @param clientId client identifier; empty if it isn't known, or it is about no one client
     * @param limit the name of the bound, such as {@code sessionsMax}
     * @param text what happened, in words
     */
    record LimitReached(Instant at, String clientId, String limit, String text) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "limit.reached";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String reason() {
            return text + " (" + limit + ")";
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * A queue has reached 80 % of a bound. Once, and again when it has fallen below half meanwhile; always before the first loss for
     * {@link DropReason#QUEUE_FULL} or {@link DropReason#LOCAL_QUEUE_FULL}.
     *
     * @param clientId whose queue: a client identifier, the filter of a shared group, or the name of a local subscription
     * @param messages messages that wait in it
     * @param bytes what they occupy, in bytes, approximately; 0 for a local subscription
     * @param limit name of the bound that is near or reached
     * @param bound its value; 0 if it isn't this queue's own
     */
    record HighWater(Instant at, String clientId, long messages, long bytes, String limit, long bound)
            implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "queue.high";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String reason() {
            return "its queue is nearly full: " + messages + " messages, " + bytes + " bytes (" + limit + ")";
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * A client has taken nothing of what waits for it for {@link Limits#slowConsumerMs}.
     *
     * @param clientId client identifier
     * @param forMs since when, in milliseconds
     * @param pendingBytes bytes that wait in its connection
     * @param queued messages that wait in its session's queue
     */
    record SlowConsumer(Instant at, String clientId, long forMs, long pendingBytes, long queued)
            implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "consumer.slow";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String reason() {
            return "a slow consumer: it has taken nothing for " + forMs + " ms; " + pendingBytes
                    + " bytes wait in its connection, " + queued + " messages in its queue";
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * A slow consumer takes messages again. One whose connection ends meanwhile has no such event.
     *
     * @param clientId client identifier
     * @param afterMs for how long it had taken nothing, in milliseconds
     */
    record SlowConsumerOver(Instant at, String clientId, long afterMs) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "consumer.well";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String reason() {
            return "takes messages again, after " + afterMs + " ms";
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * The store can't be written: durable work is refused.
     *
     * @param cause what the engine has said
     * @param hopeless whether it is not tried again before the broker's next start
     */
    record StoreFailing(Instant at, String cause, boolean hopeless) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "store.failing";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String clientId() {
            return "";
        }

        @Override
        public String reason() {
            return "the store can't be written" + (hopeless ? " until the broker is started anew: " : ": ") + cause;
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * There is little space for the store: new durable messages and sessions are refused.
     *
     * @param freeBytes bytes that are free on its volume
     */
    record StoreLittleSpace(Instant at, long freeBytes) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "store.little-space";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String clientId() {
            return "";
        }

        @Override
        public String reason() {
            return "only " + freeBytes + " bytes are free for the store";
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * The store can be written again, or has space again.
     *
     * @param text which of the two, in words
     */
    record StoreWell(Instant at, String text) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "store.well";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String clientId() {
            return "";
        }

        @Override
        public String reason() {
            return text;
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * An event loop is further behind than {@link Limits#overloadLagMs}: it lets in no more clients.
     *
     * @param loop its number, from 0
     * @param lagMs how far it is behind, in milliseconds
     */
    record LoopOverloaded(Instant at, int loop, long lagMs) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "loop.overloaded";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String clientId() {
            return "";
        }

        @Override
        public String reason() {
            return "event loop " + loop + " is " + lagMs + " ms behind";
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * An event loop that was overloaded has caught up.
     *
     * @param loop its number, from 0
     */
    record LoopWell(Instant at, int loop) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "loop.well";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String clientId() {
            return "";
        }

        @Override
        public String reason() {
            return "event loop " + loop + " has caught up";
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * The broker holds more for clients than {@link Limits#memoryBudgetBytes}: nothing new is kept.
     *
     * @param usedBytes what it holds, in bytes, approximately
     * @param budgetBytes what it may
     */
    record MemoryOver(Instant at, long usedBytes, long budgetBytes) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "memory.over";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String clientId() {
            return "";
        }

        @Override
        public String reason() {
            return "the broker holds " + usedBytes + " bytes for clients, and may " + budgetBytes;
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * The broker holds less than its budget again, by a sixteenth of it.
     *
     * @param usedBytes what it holds, in bytes, approximately
     * @param budgetBytes what it may
     */
    record MemoryWell(Instant at, long usedBytes, long budgetBytes) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "memory.well";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String clientId() {
            return "";
        }

        @Override
        public String reason() {
            return "the broker holds " + usedBytes + " bytes for clients again, and may " + budgetBytes;
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * Something has failed that is not the client's doing: code of the user, something stored, or the broker itself. The same of
     * one client at most once a second.
     *
     * @param clientId client identifier; empty if it is about no one client
     * @param what what has failed, and what follows from it
     * @param cause with what
     */
    record Fault(Instant at, String clientId, String what, String cause) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "fault";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String reason() {
            return what + ": " + cause;
        }

        @Override
        public String toString() {
            return line(this);
        }
    }

    /**
     * Events were lost because observers were too slow. Drops never are: they wait until there is room.
     *
     * @param count how many since the last such event, 1 or more
     */
    record EventsLost(Instant at, long count) implements BrokerEvent {
        /** Its {@link #id}. */
        public static final String ID = "events.lost";

        @Override
        public String id() {
            return ID;
        }

        @Override
        public String clientId() {
            return "";
        }

        @Override
        public String reason() {
            return count + " events were lost: observers are too slow";
        }

        @Override
        public String toString() {
            return line(this);
        }
    }
}
