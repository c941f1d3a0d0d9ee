package dev.dunlin.broker;

import static dev.dunlin.broker.StoredBroker.persistent;
import static dev.dunlin.broker.StoredBroker.takeAll;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.store.tck.Crash;
import dev.dunlin.store.tck.FaultyStore.Call;
import dev.dunlin.store.tck.ModelStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Backups of a running broker: whole or not there at all, one at a time, and the broker goes on. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class BackupTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @TempDir
    private Path temp;

    @AutoClose
    private final StoredBroker stored = StoredBroker.start();

    private final WireClient publisher = stored.made("publisher");

    private CompletableFuture<StoreBackup> begin(Path folder) {
        return stored.broker().broker().backup(folder).toCompletableFuture();
    }

    private StoreBackup make(Path folder) throws Exception {
        return begin(folder).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** What a backup failed with. */
    private static StoreException failure(CompletableFuture<StoreBackup> backup) throws Exception {
        try {
            throw new AssertionError("a backup was made: " + backup.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            return (StoreException) e.getCause();
        }
    }

    private static void assertNothingIn(Path folder) throws Exception {
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
    }

    // ---- what it holds

    @Test
    void holdsWhatWasAcknowledgedAsIfTheBrokerHadBeenKilledThen() throws Exception {
        stored.away("away", "t/#", 2);
        WireClient here = stored.made("here").subscribed("t/1", 1);
        publisher.published("t/1", "once", 1).published("t/2", "exactly once", 2);
        publisher.published(publish("door", "open").retain(), 1);
        publisher.send(publish("t/3", "half way").qos(2, 9)).expect(pubrec(9));
        here.expectPublish("t/1", "once", 1);

        StoreBackup backup = make(temp.resolve("copy"));
        publisher.published("t/4", "later", 1);

        assertThat(backup.folder()).isEqualTo(temp.resolve("copy"));
        try (Stream<Path> files = Files.list(backup.folder())) {
            assertThat(files.mapToLong(file -> file.toFile().length()).sum()).isEqualTo(backup.bytes());
        }
        try (TestBroker copy = TestBroker.start(builder -> {
            return builder.storage(modelAt(backup.folder()));
        })) {
            WireClient again = copy.send(MqttVersion.V5, persistent("publisher"));
            again.expect(connack().sessionPresent());
            again.send(publish("t/3", "half way").qos(2, 9).dup()).expect(pubrec(9));
            again.send(pubrel(9)).expect(pubcomp(9));
            WireClient away = copy.send(MqttVersion.V5, persistent("away"));
            away.expect(connack().sessionPresent());
            assertThat(takeAll(away, 3)).containsExactlyInAnyOrder("once", "exactly once", "half way");
            WireClient asKilled = copy.send(MqttVersion.V5, persistent("here"));
            asKilled.expect(connack().sessionPresent());
            assertThat(takeAll(asKilled, 1)).containsExactly("again: once");
            copy.client("guest")
                    .subscribed("door", 1)
                    .take(publish("door", "open").qos(1).retain());
        }
        publisher.send(pubrel(9)).expect(pubcomp(9));
        assertThat(takeAll(stored.back("away"), 4)).contains("once", "exactly once", "half way", "later");
    }

    @Test
    void isMadeOfAClosedStoreToo() throws Exception {
        stored.away("away", "t", 1);
        publisher.published("t", "p", 1);
        stored.stop();
        StoreBackup backup = StoreBackup.of(stored.contents(), temp.resolve("deep/down/copy"));
        try (TestBroker copy = TestBroker.start(builder -> builder.storage(modelAt(backup.folder())))) {
            WireClient away = copy.send(MqttVersion.V5, persistent("away"));
            away.expect(connack().sessionPresent());
            assertThat(takeAll(away, 1)).containsExactly("p"); // the broker ended well: the copy says so, too
        }
        stored.startAgain();
    }

    private static ModelStore modelAt(Path folder) {
        try {
            return ModelStore.at(folder);
        } catch (StoreException e) {
            throw new AssertionError(e);
        }
    }

    // ---- where it goes

    @Test
    void takesAnEmptyFolderAndKeepsItsPermissions() throws Exception {
        Path folder = Files.createDirectory(
                temp.resolve("mine"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        make(folder);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
                .isEqualTo("rwx------");
        assertThat(folder).isNotEmptyDirectory();
        try (Stream<Path> all = Files.list(temp)) {
            assertThat(all).containsExactly(folder);
        }
    }

    @Test
    void refusesAFolderThatIsNotEmptyAndTouchesNothingThere() throws Exception {
        Path letter = Files.writeString(temp.resolve("letter"), "dear");
        assertThat(failure(begin(temp))).hasMessage("the folder " + temp + " for the backup is not empty");
        assertThat(failure(begin(letter))).hasMessageContaining(letter + " is there, and is no folder");
        assertThat(failure(begin(letter.resolve("below")))).hasMessageContaining(letter.toString());
        assertThat(letter).hasContent("dear");
        try (Stream<Path> all = Files.list(temp)) {
            assertThat(all).containsExactly(letter);
        }
    }

    @Test
    void refusesWhatAnotherBackupIsBuilding() throws Exception {
        Path partial = Files.createDirectory(temp.resolve("copy.partial"));
        StoreException failure = failure(begin(temp.resolve("copy")));
        assertThat(failure).hasMessageStartingWith(partial + " is there: ");
        assertThat(failure.kind()).isEqualTo(Kind.BUSY);
        assertThat(partial).isEmptyDirectory();
        Files.delete(partial);
        make(temp.resolve("copy"));
    }

    @Test
    void aBrokerWithoutAStoreSaysSo() {
        try (TestBroker memory = TestBroker.start()) {
            CompletableFuture<StoreBackup> backup =
                    memory.broker().backup(temp.resolve("copy")).toCompletableFuture();
            assertThatThrownBy(backup::join)
                    .isInstanceOf(CompletionException.class)
                    .cause()
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("there is no store to back up: this broker keeps everything in memory");
        }
    }

    // ---- one at a time, beside the work

    @Test
    void isMadeOneAtATimeAndDoesNotHoldUpDurableWork() throws Exception {
        stored.store().stall(Call.BACKUP);
        CompletableFuture<StoreBackup> first = begin(temp.resolve("first"));
        stored.store().awaitStalled(Call.BACKUP, PATIENCE);
        assertThat(temp.resolve("first")).doesNotExist();

        StoreException refused = failure(begin(temp.resolve("second")));
        assertThat(refused.kind()).isEqualTo(Kind.BUSY);
        assertThat(refused).hasMessage("a backup is under way already: begin the next one when it is done");
        publisher.published(publish("t", "goes on").retain(), 2);
        stored.made("newcomer").leave();
        assertThat(first).isNotDone();

        stored.store().release(Call.BACKUP);
        CompletableFuture<StoreBackup> third =
                first.thenCompose(backup -> begin(temp.resolve("third"))); // as soon as anybody can know
        assertThat(third.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).folder()).isEqualTo(temp.resolve("third"));
        assertThat(temp.resolve("first")).isNotEmptyDirectory();
        assertThat(temp.resolve("second")).doesNotExist();
    }

    @Test
    void completesOnAThreadOfItsOwn() throws Exception {
        stored.store().stall(Call.BACKUP);
        CompletableFuture<String> thread = begin(temp.resolve("copy"))
                .thenApply(backup -> Thread.currentThread().getName());
        stored.store().release(Call.BACKUP);
        assertThat(thread.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).endsWith("-backup");
    }

    // ---- failures

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"FULL", "IO", "BUSY"})
    void leavesNothingWhenItFails(Kind kind) throws Exception {
        stored.store().failNext(Call.BACKUP, kind);
        assertThat(failure(begin(temp.resolve("copy"))).kind()).isEqualTo(kind);
        assertNothingIn(temp);
        publisher.published(publish("t", "goes on").retain(), 2);
        make(temp.resolve("copy"));
    }

    @Test
    void anExceptionThatNoEngineShouldThrowIsAFailureLikeOthers() throws Exception {
        stored.store().throwNext(Call.BACKUP, new IllegalStateException("on purpose"));
        assertThat(failure(begin(temp.resolve("copy")))).hasMessageContaining("on purpose");
        assertNothingIn(temp);
        make(temp.resolve("copy"));
    }

    @Test
    void aFailureOfTheEngineEndsItAndIsNotHeldUp() throws Exception {
        stored.awaitQuiet();
        stored.store().stall(Call.BACKUP);
        CompletableFuture<StoreBackup> backup = begin(temp.resolve("copy"));
        stored.store().awaitStalled(Call.BACKUP, PATIENCE);
        stored.store().failNext(Call.WRITE, Kind.IO);
        publisher.published(
                publish("t", "p").retain(), 1); // the engine was closed and opened again, so it wasn't waited for
        assertThat(failure(backup).kind()).isEqualTo(Kind.BUSY);
        assertNothingIn(temp);
        stored.store().release(Call.BACKUP);
        TestBroker.eventually("the store is well", () -> !stored.core().isStalled());
        make(temp.resolve("copy"));
    }

    @ParameterizedTest
    @EnumSource(
            value = Call.class,
            names = {"WRITE", "OPEN"})
    void isRefusedWhileAcknowledgedChangesMayBeMissing(Call failing) throws Exception {
        stored.away("away", "t", 1);
        stored.awaitQuiet();
        stored.store().failNext(Call.WRITE, Kind.IO);
        stored.store().failAll(failing, Kind.IO);
        publisher.send(publish("t", "p").qos(1, 7));
        TestBroker.eventually("the store has failed", () -> stored.core().isStalled());
        StoreException refused = failure(begin(temp.resolve("copy")));
        assertThat(refused.kind()).isEqualTo(Kind.BUSY);
        assertThat(refused.getMessage())
                .isIn(
                        "the store has failed, and isn't back yet: try again when it is",
                        "the store is being opened again");
        assertNothingIn(temp);
        stored.store().heal();
        publisher.expect(puback(7));
        TestBroker.eventually("the store is well", () -> !stored.core().isStalled());
        make(temp.resolve("copy"));
    }

    // ---- the end

    @Test
    void closingTheBrokerEndsIt() throws Exception {
        publisher.published(publish("t", "p").retain(), 1);
        stored.store().stall(Call.BACKUP);
        CompletableFuture<StoreBackup> backup = begin(temp.resolve("copy"));
        stored.store().awaitStalled(Call.BACKUP, PATIENCE);
        Broker broker = stored.broker().broker();
        stored.stop();
        assertNothingIn(temp); // it has cleared away before the close is through
        assertThat(failure(backup).kind()).isEqualTo(Kind.BUSY);
        StoreException late = failure(broker.backup(temp.resolve("late")).toCompletableFuture());
        assertThat(late).hasMessage("the broker closes: make the backup when it runs again");
        stored.startAgain();
        assertThat(stored.core().stoppedCleanly()).isTrue();
    }

    @Test
    void aCrashOfTheStoreEndsIt() throws Exception {
        stored.store().stall(Call.BACKUP);
        CompletableFuture<StoreBackup> backup = begin(temp.resolve("copy"));
        stored.store().awaitStalled(Call.BACKUP, PATIENCE);
        stored.crash(Crash.POWER);
        assertThat(failure(backup).kind()).isEqualTo(Kind.BUSY);
        assertNothingIn(temp);
    }
}
