package dev.dunlin.broker.interop;

import java.util.List;
import java.util.Optional;

/** A connected client of some library, as far as the scenarios need one. For one thread. */
interface TestClient extends AutoCloseable {

    /** Session Present of CONNACK; empty if the library or the protocol version doesn't tell. */
    Optional<Boolean> sessionPresent();

    /** The client id that the broker has assigned; empty if it hasn't, or the library or version doesn't tell. */
    default Optional<String> assignedClientId() {
        return Optional.empty();
    }

    /** Publishes; returns when the exchange of its QoS is complete. */
    void publish(TestMessage message) throws Exception;

    /** Publishes messages to one topic, one after the other. */
    default void publishAll(List<TestMessage> messages) throws Exception {
        for (TestMessage message : messages) {
            publish(message);
        }
    }

    /** What it has received. */
    Inbox inbox();

    /** The next message, which is waited for. */
    default TestMessage receive() throws InterruptedException {
        return inbox().take();
    }

    /** Leaves with DISCONNECT, unless the connection is lost already. */
    @Override
    void close() throws Exception;
}
