package dev.dunlin.examples;

import dev.dunlin.broker.Broker;
import dev.dunlin.store.rocksdb.RocksDb;
import java.nio.file.Path;

/** A broker that keeps sessions and messages in the folder of its first argument. Enter ends it; start it again. */
public final class EmbedDurable {
    private EmbedDurable() {}

    public static void main(String[] args) throws Exception {
        Path dir = Path.of(args[0]);
        try (Broker broker = Broker.builder().tcp(0).storage(RocksDb.at(dir)).start()) {
            System.out.println("clients connect to port " + broker.port("tcp"));
            System.in.read();
        }
    }
}
