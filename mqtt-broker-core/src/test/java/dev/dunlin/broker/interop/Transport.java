package dev.dunlin.broker.interop;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerBuilder;

/** What is between a client and its broker. */
enum Transport {
    TCP;

    /** Has a broker that listens over TCP listen. */
    BrokerBuilder listen(BrokerBuilder builder) {
        return builder;
    }

    /** Whether what goes over the wire is the bytes of MQTT packets, neither masked nor encrypted. */
    boolean isReadable() {
        return this == TCP;
    }

    int port(Broker broker) {
        return broker.port("tcp");
    }
}
