package dev.dunlin.server;

import static dev.dunlin.server.Child.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.testkit.RequiresTool;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The runnable broker on a machine that RocksDB has no native library for: it says so, and runs with the other engine. */
final class WithoutRocksDbTest {
    private static final String ELSEWHERE = "-Dos.name=FreeBSD";

    @TempDir
    private Path temp;

    private ProcessBuilder broker(String... options) {
        ProcessBuilder builder =
                Child.broker("--port", "0", "--data", temp.resolve("data").toString());
        builder.command().add(1, ELSEWHERE);
        builder.command().addAll(List.of(options));
        return builder;
    }

    @Test
    void refusesRocksDbWithASentenceThatNamesTheEngineThatRuns() throws Exception {
        assertRefused(broker(), "\"dunlin --store mapdb\"");
        assertRefused(broker("--store", "rocksdb"), "RocksDB's native library can't be loaded here");
        assertThat(temp.resolve("data")).doesNotExist();
    }

    @Test
    @RequiresTool({"mosquitto_pub", "mosquitto_sub"})
    void keepsWhatItAcknowledgedWithMapDb() throws Exception {
        StoreTest.assertKeepsWhatItAcknowledged(broker("--store", "mapdb"), "KILL", broker("--store", "mapdb"));
    }
}
