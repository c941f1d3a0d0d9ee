package dev.dunlin.broker.crash;

import dev.dunlin.broker.spi.StorageEngineProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;

/**
 * What the tests that run with each engine have to know about it. The module of an engine has one among its tests, found by
 * {@link ServiceLoader}.
 */
public interface EngineUnderTest {
    /** The store in a folder, as users have it. */
    StorageEngineProvider at(Path dir);

    /** The same store with the smallest log and memory that it can have: it rewrites its files in the middle of the traffic. */
    StorageEngineProvider restless(Path dir);

    /** A size of messages that the engine keeps apart from small ones, in bytes. */
    int largeBytes();

    /** What a JVM that uses the engine is started with, in front of the name of its class. */
    default List<String> jvmOptions() throws IOException {
        return List.of();
    }

    /** The one of this module. */
    static EngineUnderTest here() {
        return ServiceLoader.load(EngineUnderTest.class)
                .findFirst()
                .orElseThrow(() -> new AssertionError("the tests of this module name no engine"));
    }
}
