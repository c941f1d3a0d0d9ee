package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left of a process that was told to end, and its exit code. */
final class OrderedStopTest {
    private static final int FAILED = 7;

    @TempDir
    private Path folder;

    private static OrderedStop stop(CompletableFuture<Void> closed) {
        return new OrderedStop(() -> closed, Duration.ofMillis(20), FAILED);
    }

    @Test
    void leavesNoPidFileHoweverTheStopWent() throws Exception {
        Path file = folder.resolve("pid");
        OrderedStop good = stop(CompletableFuture.completedFuture(null));
        OrderedStop slow = stop(new CompletableFuture<>());
        OrderedStop bad = stop(CompletableFuture.failedFuture(new IOException("no")));
        for (OrderedStop stop : new OrderedStop[] {good, slow, bad}) {
            stop.writePid(file);
            assertThat(file).hasContent(Long.toString(ProcessHandle.current().pid()));
            assertThat(stop.run()).isEqualTo(stop == bad ? FAILED : 0);
            assertThat(file).doesNotExist();
        }
    }

    @Test
    void removesNothingThatItDidNotWrite() throws Exception {
        Path there = Files.createDirectory(folder.resolve("pid"));
        OrderedStop stop = stop(CompletableFuture.completedFuture(null));
        assertThatThrownBy(() -> stop.writePid(there)).isInstanceOf(IOException.class);
        stop.failed();
        assertThat(stop.run()).isEqualTo(FAILED);
        assertThat(there).isDirectory();
    }
}
