package dev.dunlin.broker.net;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.Disconnection;
import dev.dunlin.broker.spi.Disconnection.By;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.ReasonCode;
import org.jspecify.annotations.Nullable;

/** What observers are told of a connection; nothing is made if there are none. On the connection's loop. */
final class ConnectionEvents {
    private ConnectionEvents() {}

    /**
     * How a connection ends.
     *
     * @param text why, in words
     * @param said the reason string of whoever has ended it; may be empty
     */
    record Ending(By by, ReasonCode code, String text, String said) {

        /** Nobody has said a word of it. */
        static Ending lost(String text) {
            return new Ending(By.NETWORK, ReasonCode.UNSPECIFIED_ERROR, text, text);
        }

        /** It may not even begin, and isn't told why. */
        static Ending turnedAway(String text) {
            return new Ending(By.BROKER, ReasonCode.CONNECTION_RATE_EXCEEDED, text, "");
        }

        /** The client has sent DISCONNECT. */
        static Ending said(ReasonCode code, String text, String said) {
            return new Ending(By.CLIENT, code, text, said);
        }

        /** The broker ends it. */
        static Ending ours(Farewell farewell) {
            return new Ending(By.BROKER, farewell.reason(), farewell.cause(), farewell.text());
        }

        Disconnection as(boolean willFollows) {
            return new Disconnection(by, code, said, willFollows);
        }
    }

    /** CONNACK with success has left. */
    static void connected(Connection connection, boolean sessionPresent) {
        Events events = connection.events();
        if (events != null) {
            events.tell(new BrokerEvent.Connected(events.now(), connection.client(), sessionPresent));
        }
    }

    /** A connection ends that had come so far. */
    static void disconnected(Connection connection, String clientId, Ending how, boolean willFollows) {
        Events events = connection.events();
        if (events != null) {
            events.tell(new BrokerEvent.Disconnected(events.now(), clientId, how.by, how.code, how.text, willFollows));
        }
    }

    /** A connection ends that hadn't. */
    static void refused(Connection connection, String clientId, Ending how) {
        Events events = connection.events();
        if (events != null) {
            events.tell(new BrokerEvent.ConnectRefused(
                    events.now(),
                    clientId,
                    how.by,
                    how.code,
                    how.text,
                    connection.remoteAddress(),
                    connection.listener()));
        }
    }

    /** It has taken nothing for so long. */
    static void slow(Connection connection, long forMs, long pendingBytes, long queued) {
        Events events = connection.events();
        if (events != null) {
            events.tell(new BrokerEvent.SlowConsumer(events.now(), connection.clientId(), forMs, pendingBytes, queued));
        }
    }

    /** It takes something again, after so long. */
    static void quick(Connection connection, long afterMs) {
        Events events = connection.events();
        if (events != null) {
            events.tell(new BrokerEvent.SlowConsumerOver(events.now(), connection.clientId(), afterMs));
        }
    }

    /** What a client has sent ends its connection: if that was for a bound, that is told as well. */
    static void violation(Connection connection, MalformedPacket violation, boolean authenticated) {
        Events events = connection.events();
        String limit = events == null ? null : limitOf(violation, authenticated);
        if (events != null && limit != null) {
            events.limit(connection.clientId(), limit, "the connection is closed");
        }
    }

    /** The two codes that have other causes as well are told apart by what is said. */
    private static @Nullable String limitOf(MalformedPacket violation, boolean authenticated) {
        String text = String.valueOf(violation.getMessage());
        return switch (violation.reasonCode()) {
            case PACKET_TOO_LARGE -> {
                String bound = authenticated ? "packetBytesMax" : "connectPacketBytesMax";
                yield text.startsWith("Packet of ") ? bound : null;
            }
            case RECEIVE_MAXIMUM_EXCEEDED -> "receiveMaximum";
            case TOPIC_ALIAS_INVALID -> text.contains("above the maximum") ? "topicAliasMax" : null;
            case QUOTA_EXCEEDED -> "userPropertiesMax";
            default -> null;
        };
    }
}
