package dev.dunlin.store.mapdb;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import dev.dunlin.store.mapdb.Current.Stamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Moments between two steps at which a crash, a failure or a long life could lose something or leave too much. */
class CrashPointTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int MIB = 1 << 20;

    @TempDir
    private Path temp;

    private Path dir() {
        return temp.resolve("store");
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }

    private static OpBuffer batch(String small, String large) {
        OpBuffer ops = new OpBuffer();
        ops.put(Space.MESSAGE, bytes(small), bytes("1"));
        ops.put(Space.MESSAGE, bytes(large), ByteBuffer.allocate(TestStore.LARGE));
        return ops;
    }

    /** A power cut has lost the file of a large value, and with it its batch. Then a sender repeats the same large value. */
    @Test
    void aBatchThatWasCutStaysCutWhenAnotherHasTheSameLargeValue() throws Exception {
        Path crashed;
        try (TestStore store = TestStore.open(dir())) {
            store.put("a", 1);
            store.engine().write(batch("cut", "large"), false);
            crashed = TestStore.copy(dir(), temp.resolve("crashed"));
        }
        Files.delete(crashed.resolve("value-1"));
        try (TestStore store = TestStore.open(crashed)) {
            assertThat(store.contents()).containsOnlyKeys("a");
            store.engine().write(batch("kept", "large"), true);
        }
        try (TestStore store = TestStore.open(crashed)) {
            assertThat(store.contents()).containsOnlyKeys("a", "kept", "large");
        }
    }

    @Test
    void manyLargeValuesMakeAGenerationThoughTheirGroupsAreSmall() throws Exception {
        try (TestStore store = TestStore.open(dir())) {
            for (int i = 0; i < 200; i++) {
                store.put("a", 300_000).delete("a");
            }
            assertThat(TestStore.files(dir(), "value-")).hasSizeLessThan(60);
        }
    }

    /** A batch is applied half when the generation that its range is looked up in turns out to be damaged. */
    @Test
    void nothingIsTakenAfterABatchThatCouldNotBeApplied() throws Exception {
        try (TestStore store = TestStore.open(dir())) {
            for (int i = 100; i < 400; i++) {
                store.put("key" + i, 10_000);
            }
            store.generation();
            List<Path> generations = Names.GENERATION.in(dir());
            Path last = generations.get(generations.size() - 1);
            try (FileChannel file = FileChannel.open(last, StandardOpenOption.WRITE)) {
                file.truncate(MIB);
            }
            OpBuffer ops = new OpBuffer();
            ops.put(Space.MESSAGE, bytes("half"), bytes("1"));
            ops.deleteRange(Space.MESSAGE, bytes("key"), bytes("l"));

            assertThatThrownBy(() -> store.engine().write(ops, true)).isInstanceOf(StoreException.class);
            assertThatThrownBy(() -> store.put("next", 1))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("takes no changes after a failure");
        }
    }

    /** Groups of an old segment that are not repeated yet would be lost with it. */
    @Test
    void noGenerationIsBegunWhileTheJournalIsRepeated() throws Exception {
        Path dir = Files.createDirectory(dir());
        CurrentFile current = new CurrentFile(dir, new Current(Stamp.empty(1), null, 0));
        Spares spares = new Spares(dir, 4, MIB);
        Pins pins = new Pins();
        Layers layers = new Layers(null, pins);
        Values values = Values.in(dir);
        List<Runnable> begun = new ArrayList<>();
        Checkpoints checkpoints = new Checkpoints(
                new Checkpoints.Parts(dir, current, layers, values, spares, pins), List.of(), begun::add);
        try (Journal journal = Journal.begin(dir, current, spares, 256 << 10, Runnable::run)) {
            GroupWriter writer = new GroupWriter(
                    new GroupWriter.Parts(dir, journal, layers, values, checkpoints), TestStore.SMALL, 0, 3 * MIB / 2);
            OpBuffer ops = new OpBuffer();
            ops.put(Space.MESSAGE, bytes("a"), ByteBuffer.allocate(60_000));
            for (int i = 0; i < 10; i++) {
                writer.repeat(ops.encoded(), List.of());
            }
            assertThat(begun).isEmpty();
            writer.write(ops, true);
            assertThat(begun).as("the first change").hasSize(1);
        }
    }

    @Test
    void segmentsOfManyOpeningsBecomeAGeneration() throws Exception {
        for (int opening = 0; opening < 6; opening++) {
            TestStore.open(dir()).put("key" + opening, 1).close();
        }
        try (TestStore store = TestStore.open(dir())) {
            store.put("last", 1);
            await().atMost(PATIENCE).until(() -> TestStore.files(dir(), "generation-").length > 0);
        }
    }

    @Test
    void aSegmentThatABigBatchHasMadeLargeIsNotKept() throws Exception {
        try (TestStore store = TestStore.open(dir())) {
            OpBuffer ops = new OpBuffer();
            for (int i = 0; i < 100; i++) {
                ops.put(Space.MESSAGE, bytes("key" + i), ByteBuffer.allocate(60_000));
            }
            store.engine().write(ops, true);
            store.generation().put("a", 1).generation().put("a", 2).generation();
        }
        try (Stream<Path> files = Files.list(dir())) {
            assertThat(files.filter(file -> file.toFile().length() > 2 * MIB)
                            .filter(file -> !file.getFileName().toString().startsWith("generation-")))
                    .isEmpty();
        }
    }

    /** A batch that is too large for the disk must not take the rest of it. */
    @Test
    void roomThatIsNotEnoughIsGivenBack() throws Exception {
        Path volume = Files.createDirectory(temp.resolve("volume"));
        if (!"root".equals(System.getProperty("user.name"))
                || run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", volume.toString()) != 0) {
            Assumptions.abort("only root may mount a small disk");
        }
        try (Segment segment = Segment.make(volume, 1, 256 << 10, null)) {
            assertThatThrownBy(() -> segment.reserve(8 * MIB)).isInstanceOf(IOException.class);
            assertThat(volume.resolve("journal-1")).hasSize(256 << 10);
            assertThatThrownBy(() -> Segment.make(volume, 1, 8 * MIB, null)).isInstanceOf(IOException.class);
            assertThat(TestStore.files(volume, null)).containsExactly("journal-1");
            segment.reserve(MIB);
            assertThat(volume.resolve("journal-1")).hasSize(Segment.HEADER_BYTES + MIB);
        } finally {
            assertThat(run("umount", volume.toString())).isZero();
        }
    }

    @Test
    void anOpeningThatHasNoRoomLeavesNoCopiesOfLargeValues() throws Exception {
        Path volume = Files.createDirectory(temp.resolve("volume"));
        if (!"root".equals(System.getProperty("user.name"))
                || run("mount", "-t", "tmpfs", "-o", "size=2500k", "tmpfs", volume.toString()) != 0) {
            Assumptions.abort("only root may mount a small disk");
        }
        try {
            Path crashed;
            try (TestStore store = TestStore.open(dir())) {
                store.put("a", 1);
                store.putUnsynced("b", 400_000).putUnsynced("c", 400_000).putUnsynced("d", 400_000);
                crashed = TestStore.copy(dir(), volume.resolve("crashed"));
            }
            for (int attempt = 0; attempt < 2; attempt++) {
                assertThatThrownBy(() -> TestStore.open(crashed)).isInstanceOf(StoreException.class);
                assertThat(TestStore.files(crashed, "value-")).containsExactly("value-1", "value-2", "value-3");
            }
            assertThat(run("mount", "-o", "remount,size=8m", volume.toString())).isZero();
            try (TestStore store = TestStore.open(crashed)) {
                assertThat(store.contents()).isEqualTo(Map.of("a", 1, "b", 400_000, "c", 400_000, "d", 400_000));
            }
        } finally {
            assertThat(run("umount", volume.toString())).isZero();
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    /** A backup may end after the closing, when another engine has the folder and uses the numbers of values again. */
    @Test
    void nothingIsDeletedAfterTheClosing() throws Exception {
        Path dir = Files.createDirectory(dir());
        CurrentFile current = new CurrentFile(dir, new Current(Stamp.empty(1), null, 4));
        Pins pins = new Pins();
        Layers layers = new Layers(null, pins);
        Values values = Values.in(dir);
        Checkpoints checkpoints = new Checkpoints(
                new Checkpoints.Parts(dir, current, layers, values, new Spares(dir, 4, MIB), pins),
                List.of(),
                Runnable::run);
        OpBuffer ops = batch("a", "large");
        layers.apply(ops.encoded(), values.write(ops.external()));
        checkpoints.begin(2, 1);
        Layers.State kept = layers.state();
        ops.clear();
        ops.delete(Space.MESSAGE, bytes("large"));
        layers.apply(ops.encoded(), List.of());
        checkpoints.begin(3, 2);
        layers.apply(ops.encoded(), List.of());
        checkpoints.begin(4, 3);

        checkpoints.close();
        pins.unpin(kept.pin());

        assertThat(TestStore.files(dir, "value-")).containsExactly("value-1");
        assertThat(TestStore.files(dir, "generation-")).contains("generation-2");
        try (Generation last = layers.base()) {
            assertThat(last).isNotNull();
        }
    }

    @Test
    void aGenerationThatCouldNotBeNamedIsClosed() throws Exception {
        Path dir = Files.createDirectory(dir());
        CurrentFile current = new CurrentFile(dir, new Current(Stamp.empty(1), null, 1));
        Pins pins = new Pins();
        Layers layers = new Layers(null, pins);
        Checkpoints checkpoints = new Checkpoints(
                new Checkpoints.Parts(dir, current, layers, Values.in(dir), new Spares(dir, 4, MIB), pins),
                List.of(),
                Runnable::run);
        Files.createDirectory(dir.resolve("CURRENT.tmp"));
        OpBuffer ops = new OpBuffer();
        ops.put(Space.MESSAGE, bytes("a"), bytes("1"));
        layers.apply(ops.encoded(), List.of());

        checkpoints.begin(2, 1);

        assertThatThrownBy(checkpoints::await).isInstanceOf(StoreException.class);
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            assertThat(open.filter(Files::isSymbolicLink).map(CrashPointTest::target))
                    .noneMatch(target -> target.startsWith(dir.toString()));
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return "closed meanwhile";
        }
    }

    @Test
    void rangesThatAreEmptyOrReversedAreEmptyInEveryLayer() throws Exception {
        try (TestStore store = TestStore.open(dir())) {
            for (int i = 100; i < 200; i++) {
                store.put("key" + i, 10);
            }
            store.generation();
            for (int i = 150; i < 250; i++) {
                store.put("key" + i, 10);
            }
            Map<String, Integer> before = store.contents();
            OpBuffer ops = new OpBuffer();
            ops.deleteRange(Space.MESSAGE, bytes("key190"), bytes("key110"));
            ops.deleteRange(Space.MESSAGE, bytes("key150"), bytes("key150"));
            ops.deleteRange(Space.MESSAGE, bytes("z"), bytes(""));
            ops.deleteRange(Space.MESSAGE, bytes(""), bytes(""));
            store.engine().write(ops, true);
            assertThat(store.contents()).isEqualTo(before);
            try (View view = store.engine().view()) {
                List<String> found = new ArrayList<>();
                view.scan(Space.MESSAGE, "key190".getBytes(UTF_8), "key110".getBytes(UTF_8), (key, value) -> {
                    return found.add(UTF_8.decode(key).toString());
                });
                assertThat(found).isEmpty();
            }
        }
    }

    @Test
    void theLongestKeysAndTheirNeighboursSurviveGenerations() throws Exception {
        try (TestStore store = TestStore.open(dir())) {
            OpBuffer ops = new OpBuffer();
            for (Space space : Space.values()) {
                for (int length : new int[] {0, 1, 255, 65_534, 65_535}) {
                    byte[] key = new byte[length];
                    Arrays.fill(key, (byte) 0xff);
                    for (int size : new int[] {0, 65_535, 65_536, 65_537}) {
                        ops.put(space, ByteBuffer.wrap(key), ByteBuffer.allocate(size));
                    }
                }
            }
            store.engine().write(ops, true);
            store.generation();
            try (View view = store.engine().view()) {
                for (Space space : Space.values()) {
                    List<Integer> lengths = new ArrayList<>();
                    view.scan(space, new byte[0], null, (key, value) -> {
                        assertThat(value.remaining()).isEqualTo(65_537);
                        return lengths.add(key.remaining());
                    });
                    assertThat(lengths).containsExactly(0, 1, 255, 65_534, 65_535);
                }
            }
            ops.clear();
            for (int i = 0; i < 100; i++) {
                byte[] key = new byte[65_535];
                key[65_534] = (byte) i;
                ops.put(Space.MESSAGE, ByteBuffer.wrap(key), ByteBuffer.allocate(65_536));
            }
            store.engine().write(ops, true);
            store.generation();
            byte[] last = new byte[65_535];
            last[65_534] = 99;
            try (View view = store.engine().view()) {
                assertThat(view.get(Space.MESSAGE, last).remaining()).isEqualTo(65_536);
            }
        }
    }
}
