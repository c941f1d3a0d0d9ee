package dev.dunlin.broker;

import dev.dunlin.broker.net.PipelineProbe;
import java.util.List;

/** The sockets of a broker, as tests outside of the core see them. */
public final class OpenSockets {
    private OpenSockets() {}

    /** Of each open connection, whether it sends small packets at once. */
    public static List<Boolean> sendAtOnce(Broker broker) {
        return broker.acceptors().values().stream()
                .flatMap(acceptor -> PipelineProbe.tcpNoDelay(acceptor).stream())
                .toList();
    }
}
