package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StorageEngineProvider.Named;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Moves real stores from every engine on the class path to every engine, by a dump. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StoreMoveTest {
    @TempDir
    private Path temp;

    static List<Named> engines() {
        return ServiceLoader.load(Named.class).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparing(Named::name))
                .toList();
    }

    /** From engine to engine. */
    static Stream<Arguments> moves() {
        return engines().stream()
                .flatMap(from -> engines().stream().map(to -> Arguments.of(from.name(), to.name(), from, to)));
    }

    @ParameterizedTest(name = "from {0} to {1}")
    @MethodSource("moves")
    void aBrokerGoesOnWhereTheOneOnTheDumpedStoreHasEnded(String from, String to, Named source, Named target)
            throws Exception {
        StorageEngineProvider left = source.at(temp.resolve("left"));
        Estate.leave(left);
        Path file = dump(left);
        Path loaded = temp.resolve("loaded");
        StoreDump dump;
        try (InputStream in = Files.newInputStream(file)) {
            dump = StoreDump.load(in, loaded, target::at);
        }
        assertThat(dump.engine()).isEqualTo(from);
        assertThat(digest(target.at(loaded))).isEqualTo(digest(left));
        StoreCheck check = StoreCheck.of(target.at(loaded));
        assertThat(check.findings()).isEmpty();
        assertThat(check.engine()).isEqualTo(to);
        Estate.inherit(target.at(loaded));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("engines")
    void theOriginalIsAsItWas(Named engine) throws Exception {
        StorageEngineProvider left = engine.at(temp.resolve("left"));
        Estate.leave(left);
        StoreDump.write(left, OutputStream.nullOutputStream());
        assertThat(StoreCheck.of(left).findings()).isEmpty();
        assertThat(StoreStats.of(left).stoppedCleanly()).isTrue();
        Estate.inherit(left);
    }

    /** Where a block ends, in the middle of a large value, and at the very end. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("engines")
    void nothingIsLeftOfADumpThatIsCutOrDamaged(Named engine) throws Exception {
        StorageEngineProvider left = engine.at(temp.resolve("left"));
        Estate.leave(left);
        byte[] whole = Files.readAllBytes(dump(left));
        Path folder = Files.createDirectory(temp.resolve("target")).resolve("loaded");
        for (int at : new int[] {30, whole.length / 10, whole.length / 2, whole.length - 60, whole.length - 1}) {
            byte[] flipped = whole.clone();
            flipped[at] ^= 0x10;
            for (byte[] bad : List.of(Arrays.copyOf(whole, at), flipped)) {
                StoreException e = catchThrowableOfType(
                        StoreException.class, () -> StoreDump.load(new ByteArrayInputStream(bad), folder, engine::at));
                assertThat(e).as("byte %d", at).isNotNull();
                assertThat(folder.getParent()).isEmptyDirectory();
            }
        }
    }

    private Path dump(StorageEngineProvider store) throws StoreException, IOException {
        Path file = temp.resolve("dump");
        try (OutputStream out = Files.newOutputStream(file)) {
            StoreDump.write(store, out);
        }
        return file;
    }

    private static String digest(StorageEngineProvider store) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (StorageEngine engine = store.open();
                View view = engine.view()) {
            for (Space space : Space.values()) {
                view.scan(space, new byte[0], null, (key, value) -> {
                    digest.update(ByteBuffer.allocate(12)
                            .putInt(space.ordinal())
                            .putInt(key.remaining())
                            .putInt(value.remaining())
                            .flip());
                    digest.update(key);
                    digest.update(value);
                    return true;
                });
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
