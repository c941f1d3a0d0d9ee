package dev.dunlin.broker.interop;

import java.util.Optional;

/** A connected client of some library, as far as the scenarios need one. For one thread. */
interface TestClient extends AutoCloseable {

    /** Session Present of CONNACK; empty if the library or the protocol version doesn't tell. */
    Optional<Boolean> sessionPresent();

    /** Publishes; returns when the exchange of its QoS is complete. */
    void publish(TestMessage message) throws Exception;

    /** The next message, which is waited for. */
    TestMessage receive() throws InterruptedException;

    /** Leaves with DISCONNECT, unless the connection is lost already. */
    @Override
    void close() throws Exception;
}
