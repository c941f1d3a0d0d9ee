package dev.dunlin.broker.mangling;

import dev.dunlin.codec.MqttDecoder.Peer;
import java.util.List;
import java.util.function.Function;

/**
 * A rule of the protocol, and how to break it on the way between a client and the broker.
 *
 * @param name what is broken
 * @param sender whose packets are changed: what the broker sends, or what it is told
 * @param test {@code Class#method}, in this package's parent: the test that must fail
 * @param change makes of a packet what goes on in its stead: the same object if it isn't touched, another packet, or a list of
 *     packets, which may be empty
 */
record Rule(String name, Peer sender, String test, Function<Object, Object> change) {

    /** What the broker sends is changed. */
    static <P> Rule sent(String name, String test, Class<P> type, Function<P, Object> change) {
        return new Rule(name, Peer.SERVER, test, of(type, change));
    }

    /** What the client asks for is changed, so that the broker doesn't do it. */
    static <P> Rule asked(String name, String test, Class<P> type, Function<P, Object> change) {
        return new Rule(name, Peer.CLIENT, test, of(type, change));
    }

    private static <P> Function<Object, Object> of(Class<P> type, Function<P, Object> change) {
        return packet -> type.isInstance(packet) ? change.apply(type.cast(packet)) : packet;
    }

    static List<?> nothing() {
        return List.of();
    }

    @Override
    public String toString() {
        return name + " -> " + test;
    }
}
