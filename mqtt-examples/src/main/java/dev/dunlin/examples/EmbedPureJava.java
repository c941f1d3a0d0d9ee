package dev.dunlin.examples;

import dev.dunlin.broker.Broker;
import dev.dunlin.store.mapdb.MapDb;
import java.nio.file.Path;

/**
 * As {@link EmbedDurable}, with the other storage engine, which has no native code: one word and its import are all that is
 * different. The folder is its own; {@code dunlin store dump} and {@code load} bring a store from one engine to another.
 */
public final class EmbedPureJava {
    private EmbedPureJava() {}

    public static void main(String[] args) throws Exception {
        Path dir = Path.of(args[0]);
        try (Broker broker = Broker.builder().tcp(0).storage(MapDb.at(dir)).start()) {
            System.out.println("clients connect to port " + broker.port("tcp"));
            System.in.read();
        }
    }
}
