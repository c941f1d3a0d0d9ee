package dev.dunlin.store.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.io.TempDir;

/** Tests of one subject: what they all need. */
abstract class TckGroup {
    final EngineTck tck;

    /** Each test has its own, and in it its store. */
    @TempDir
    Path folder;

    @SuppressWarnings("NullAway.Init") // JUnit fills the folder in
    TckGroup(EngineTck tck) {
        this.tck = tck;
    }

    final Path dir() {
        return folder.resolve("store");
    }

    final StorageEngineProvider provider() {
        return tck.provider(dir());
    }

    final TestStore open() throws StoreException {
        return TestStore.open(provider());
    }

    static void assertFails(Kind kind, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(StoreException.class, e -> {
            assertThat(e.kind()).as("kind of %s", e).isEqualTo(kind);
            assertThat(e.getMessage()).as("a sentence for a person").isNotBlank();
        });
    }
}
