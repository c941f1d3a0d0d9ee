package dev.dunlin.auth;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A password file: who gets in, what that costs, and its changes while it is in use. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class PasswordFileTest {
    @TempDir
    Path folder;

    private Path file;

    /** The cost of each hash that was computed. */
    private final ConcurrentLinkedQueue<String> computed = new ConcurrentLinkedQueue<>();

    private final AtomicLong nowNs = new AtomicLong();

    @BeforeEach
    void name() {
        file = folder.resolve("passwords");
    }

    private static String line(String user, String password, int iterations) {
        return user + ":" + Passwords.pbkdf2(iterations).hash(bytes(password)) + "\n";
    }

    private static String line(String user, String password) {
        return line(user, password, 101);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void write(String... lines) throws Exception {
        Files.writeString(file, String.join("", lines));
    }

    private PasswordFile counted() throws AuthFileException {
        return PasswordFile.at(file, new PasswordCheck.Pace(1, 100, nowNs::get, this::count));
    }

    private boolean count(PasswordHash hash, byte[] password) {
        computed.add(hash.cost());
        return hash.matches(password);
    }

    private List<String> takeComputed() {
        List<String> taken = new ArrayList<>(computed);
        computed.clear();
        return taken;
    }

    private static ConnectRequest request(@Nullable String user, byte @Nullable [] password, @Nullable String cert) {
        return request(user, password, cert, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));
    }

    private static ConnectRequest request(
            @Nullable String user, byte @Nullable [] password, @Nullable String cert, SocketAddress from) {
        return new ConnectRequest(
                "c", MqttVersion.V5, true, user, password, Properties.EMPTY, from, "tcp", List.of(), cert);
    }

    private static AuthResult ask(Authenticator file, @Nullable String user, @Nullable String password) {
        return file.authenticate(request(user, password == null ? null : bytes(password), null))
                .toCompletableFuture()
                .join();
    }

    private static boolean letsIn(Authenticator file, @Nullable String user, @Nullable String password) {
        return ask(file, user, password) instanceof AuthResult.Accepted;
    }

    private static void assertWrong(AuthResult answer) {
        assertThat(answer).isEqualTo(AuthResult.refuse(ReasonCode.BAD_USER_NAME_OR_PASSWORD));
    }

    // ---- who gets in

    @Test
    void letsUsersInWithTheirPassword() throws Exception {
        write(
                line("ann", "a secret"),
                "bob:" + Passwords.sha512().hash(bytes("b")) + "\n",
                "j\u00F6rg:" + Passwords.argon2id(64, 1, 1).hash(bytes("\u00FC")) + "\n");
        try (PasswordFile users = PasswordFile.at(file)) {
            AuthResult ann = ask(users, "ann", "a secret");
            assertThat(ann).isInstanceOfSatisfying(AuthResult.Accepted.class, accepted -> {
                assertThat(accepted.identity()).isEqualTo(new Identity("ann"));
                assertThat(accepted.validity().holds(0)).isTrue();
            });
            assertThat(letsIn(users, "bob", "b")).isTrue();
            assertThat(letsIn(users, "j\u00F6rg", "\u00FC")).isTrue();
            assertWrong(ask(users, "ann", "b"));
            assertWrong(ask(users, "bob", "a secret"));
            assertWrong(ask(users, "Ann", "a secret"));
            assertWrong(ask(users, "ann", ""));
            assertWrong(ask(users, "ann", null));
            assertWrong(ask(users, "eve", "a secret"));
        }
    }

    @Test
    void whoGivesNoNameGetsInIfThatIsSaid() throws Exception {
        write(line("ann", "a"));
        try (PasswordFile users = PasswordFile.at(file)) {
            assertWrong(ask(users, null, null));
            assertWrong(ask(users, "", "a"));
            users.anonymous(true);
            AuthResult.Accepted nobody = (AuthResult.Accepted) ask(users, null, null);
            assertThat(nobody.identity()).isEqualTo(Identity.ANONYMOUS);
            assertThat(letsIn(users, "", "x")).isTrue();
            assertWrong(ask(users, "ann", "wrong"));
            assertWrong(ask(users, "eve", null));
            assertThat(nobody.validity().holds(0)).isTrue();
            users.anonymous(false);
            assertThat(nobody.validity().holds(0)).isFalse();
        }
    }

    @Test
    void aNameInACertificateNeedsNoPassword() throws Exception {
        write(line("ann", "a"));
        try (PasswordFile users = counted()) {
            AuthResult answer = users.authenticate(request("ann", bytes("wrong"), "sensor 7"))
                    .toCompletableFuture()
                    .join();
            assertThat(((AuthResult.Accepted) answer).identity()).isEqualTo(new Identity("sensor 7"));
            assertThat(computed).isEmpty();
        }
    }

    @Test
    void passwordsAreClearedOnEachWay() throws Exception {
        write(line("ann", "a"));
        try (PasswordFile users = PasswordFile.at(file)) {
            for (ConnectRequest request : List.of(
                    request("ann", bytes("a"), null),
                    request("ann", bytes("a"), null), // remembered
                    request("ann", bytes("b"), null),
                    request("eve", bytes("b"), null),
                    request(null, bytes("b"), null),
                    request("ann", bytes("b"), "cert"))) {
                users.authenticate(request).toCompletableFuture().join();
                assertThat(request.password()).containsOnly(0);
            }
        }
    }

    // ---- what it costs

    @Test
    void whoIsUnknownCostsWhatAUserCosts() throws Exception {
        write(line("ann", "a", 150), line("bob", "b", 150));
        try (PasswordFile users = counted()) {
            assertWrong(ask(users, "ann", "wrong"));
            assertThat(takeComputed()).containsExactly("$7$150");
            assertWrong(ask(users, "eve", "wrong"));
            assertThat(takeComputed()).containsExactly("$7$150");
            assertWrong(ask(users, "eve", "a"));
            assertThat(takeComputed()).containsExactly("$7$150");
        }
    }

    @Test
    void whereUsersCostDifferentlySoDoThoseWhoAreUnknown() throws Exception {
        write(
                line("ann", "a", 150),
                line("bob", "b", 160),
                "carl:" + Passwords.sha512().hash(bytes("c")) + "\n");
        try (PasswordFile users = counted()) {
            List<String> costs = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                assertWrong(ask(users, "eve" + i, "wrong"));
                assertWrong(ask(users, "eve" + i, "wrong"));
                List<String> twice = takeComputed();
                assertThat(twice.get(0)).as("the same each time").isEqualTo(twice.get(1));
                costs.add(twice.get(0));
            }
            assertThat(costs).contains("$7$150", "$7$160", "$6");
        }
    }

    @Test
    void withoutAnyUserAHashIsComputedAllTheSame() throws Exception {
        write("# nobody yet\n");
        try (PasswordFile users = PasswordFile.at(
                file, new PasswordCheck.Pace(1, 1, nowNs::get, (hash, password) -> !computed.add(hash.cost())))) {
            assertWrong(ask(users, "eve", "wrong"));
            assertThat(takeComputed()).containsExactly("$7$" + Passwords.ITERATIONS);
        }
    }

    @Test
    void aPasswordThatWasRightIsRememberedForAMinute() throws Exception {
        write(line("ann", "a"), line("bob", "b"));
        try (PasswordFile users = counted()) {
            assertThat(letsIn(users, "ann", "a")).isTrue();
            assertThat(letsIn(users, "ann", "a")).isTrue();
            assertThat(takeComputed()).hasSize(1);
            assertThat(letsIn(users, "ann", "b")).isFalse();
            assertThat(letsIn(users, "bob", "a")).isFalse();
            assertThat(takeComputed()).hasSize(2);
            assertThat(letsIn(users, "ann", "a")).isTrue(); // those who guess make nobody forget it
            nowNs.addAndGet(PasswordCheck.REMEMBERED_NS - 1);
            assertThat(letsIn(users, "ann", "a")).isTrue();
            assertThat(takeComputed()).isEmpty();
            nowNs.addAndGet(1);
            assertThat(letsIn(users, "ann", "a")).isTrue();
            assertThat(takeComputed()).hasSize(1);
            write(line("ann", "other"));
            users.reload();
            assertThat(letsIn(users, "ann", "a")).isFalse();
        }
    }

    @Test
    void whoCannotBeCheckedIsTooMany() throws Exception {
        write(line("ann", "a"));
        CountDownLatch go = new CountDownLatch(1);
        PasswordCheck.Check slow = (hash, password) -> {
            try {
                return go.await(30, TimeUnit.SECONDS) && hash.matches(password);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        List<CompletionStage<AuthResult>> answers = new ArrayList<>();
        try (PasswordFile users = PasswordFile.at(file, new PasswordCheck.Pace(2, 5, nowNs::get, slow))) {
            for (int i = 0; i < 7; i++) {
                answers.add(users.authenticate(request("ann", bytes("a"), null)));
            }
            ConnectRequest last = request("ann", bytes("a"), null);
            assertThat(users.authenticate(last).toCompletableFuture().join())
                    .isEqualTo(AuthResult.refuse(ReasonCode.SERVER_BUSY));
            assertThat(last.password()).containsOnly(0);
            assertThat(answers).noneMatch(answer -> answer.toCompletableFuture().isDone());
            assertThat(checkers()).hasSize(2).allMatch(Thread::isDaemon);
            go.countDown();
            assertThat(answers).allMatch(answer -> answer.toCompletableFuture().join() instanceof AuthResult.Accepted);
        }
        await().until(() -> checkers().isEmpty());
    }

    /** Checks that begin when this is open, and are counted then. */
    private final AtomicReference<CountDownLatch> gate = new AtomicReference<>(new CountDownLatch(0));

    private PasswordFile gated(int threads, int waitingMax) throws AuthFileException {
        return PasswordFile.at(file, new PasswordCheck.Pace(threads, waitingMax, nowNs::get, (hash, password) -> {
            try {
                return gate.get().await(30, TimeUnit.SECONDS) && count(hash, password);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }));
    }

    private static CompletableFuture<AuthResult> asked(PasswordFile users, String name, String password, String from) {
        ConnectRequest request = request(name, bytes(password), null, new InetSocketAddress(from, 1));
        return users.authenticate(request).toCompletableFuture();
    }

    private static void assertBusy(CompletableFuture<AuthResult> answer) {
        assertThat(answer).isCompletedWithValue(AuthResult.refuse(ReasonCode.SERVER_BUSY));
    }

    @Test
    void whileThereIsNoPlaceNobodyLearnsWhetherAGuessIsRight() throws Exception {
        write(line("ann", "a"));
        try (PasswordFile users = gated(1, 8)) {
            assertThat(asked(users, "ann", "a", "10.0.0.1").join()).isInstanceOf(AuthResult.Accepted.class);
            gate.set(new CountDownLatch(1));
            List<CompletableFuture<AuthResult>> guesses = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                guesses.add(asked(users, "ann", "guess " + i, "10.0.0.2")); // each takes a place
            }
            assertBusy(asked(users, "ann", "a", "10.0.0.2"));
            assertBusy(asked(users, "ann", "b", "10.0.0.2"));
            assertBusy(asked(users, "eve", "b", "10.0.0.2"));
            // Who comes from elsewhere doesn't wait behind them, until all places are taken.
            assertThat(asked(users, "ann", "a", "10.0.0.1"))
                    .isCompletedWithValueMatching(AuthResult.Accepted.class::isInstance);
            guesses.add(asked(users, "eve", "b", "10.0.0.3"));
            assertBusy(asked(users, "ann", "a", "10.0.0.1"));
            assertBusy(asked(users, "ann", "b", "10.0.0.1"));
            gate.get().countDown();
            guesses.forEach(guess -> assertWrong(guess.join()));
        }
    }

    @Test
    void oneAddressTakesFewPlaces() throws Exception {
        write(line("ann", "a"));
        gate.set(new CountDownLatch(1));
        try (PasswordFile users = gated(1, 100)) {
            List<CompletableFuture<AuthResult>> first = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                first.add(asked(users, "ann", "a", "10.0.0.1"));
                first.add(asked(users, "ann", "a", "2001:db8::" + i));
            }
            assertBusy(asked(users, "ann", "a", "10.0.0.1"));
            assertBusy(asked(users, "ann", "a", "2001:db8::ffff:1")); // of the same network
            first.add(asked(users, "ann", "a", "10.0.0.2"));
            first.add(asked(users, "ann", "a", "2001:db8:0:1::1"));
            assertThat(first).noneMatch(CompletableFuture::isDone);
            gate.get().countDown();
            assertThat(first).allMatch(answer -> answer.join() instanceof AuthResult.Accepted);
            assertThat(takeComputed())
                    .as("one of a user is checked, the others come after it")
                    .hasSize(1);
            for (int i = 0; i < 20; i++) { // places are given back, whatever the answer is
                assertWrong(
                        asked(users, i < 10 ? "ann" : "eve", "b", "10.0.0.1").join());
                assertThat(asked(users, "ann", "a", "10.0.0.1").join()).isInstanceOf(AuthResult.Accepted.class);
            }
        }
    }

    @Test
    void whoHasWaitedForTenSecondsIsNotCheckedAnyMore() throws Exception {
        write(line("ann", "a"));
        gate.set(new CountDownLatch(1));
        try (PasswordFile users = gated(1, 100)) {
            CompletableFuture<AuthResult> underCheck = asked(users, "eve", "b", "10.0.0.1");
            await().until(() ->
                    gate.get().getCount() == 1 && checkers().stream().anyMatch(PasswordFileTest::waits));
            ConnectRequest tooLong = request("ann", bytes("a"), null);
            CompletableFuture<AuthResult> refused = users.authenticate(tooLong).toCompletableFuture();
            nowNs.addAndGet(1);
            CompletableFuture<AuthResult> inTime = asked(users, "ann", "a", "10.0.0.2");
            nowNs.addAndGet(TimeUnit.SECONDS.toNanos(10) - 1);
            gate.get().countDown();
            assertWrong(underCheck.join());
            assertThat(inTime.join()).isInstanceOf(AuthResult.Accepted.class);
            assertBusy(refused);
            assertThat(tooLong.password()).containsOnly(0);
            assertThat(takeComputed()).hasSize(2);
        }
    }

    private static boolean waits(Thread thread) {
        return thread.getState() == Thread.State.TIMED_WAITING
                && List.of(thread.getStackTrace()).stream()
                        .anyMatch(frame -> frame.getClassName().equals(CountDownLatch.class.getName()));
    }

    @Test
    void aLongPasswordIsNotRemembered() throws Exception {
        String longest = "x".repeat(1024);
        write(line("ann", longest), line("bob", longest + "x"));
        try (PasswordFile users = counted()) {
            for (int i = 0; i < 2; i++) {
                assertThat(letsIn(users, "ann", longest)).isTrue();
                assertThat(letsIn(users, "bob", longest + "x")).isTrue();
            }
            assertThat(takeComputed()).as("one of ann, two of bob").hasSize(3);
        }
    }

    @Test
    void whoIsUnknownCostsTheSameWhenAUserComes() throws Exception {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            lines.append(line("u" + i, "x", i % 2 == 0 ? 2 : 3));
        }
        write(lines.toString());
        try (PasswordFile users = counted()) {
            List<String> before = costsOfUnknown(users);
            write(lines + line("new", "x", 2));
            users.reload();
            List<String> after = costsOfUnknown(users);
            int others = 0;
            for (int i = 0; i < before.size(); i++) {
                others += before.get(i).equals(after.get(i)) ? 0 : 1;
            }
            assertThat(others).isLessThanOrEqualTo(20); // 1 expected, 100 if they were drawn again
        }
    }

    private List<String> costsOfUnknown(PasswordFile users) {
        for (int i = 0; i < 200; i++) {
            assertWrong(ask(users, "eve" + i, "x"));
        }
        return takeComputed();
    }

    private static List<Thread> checkers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.isAlive() && thread.getName().startsWith("dunlin-passwords-"))
                .toList();
    }

    // ---- lines

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "noline            | has no password hash",
                "bob:              | has no password hash",
                "bob:plain         | has a password that isn't hashed",
                "bob:$9$a$b        | has a password hash of an unknown kind",
                "bob:$7$x$a$b      | has a password hash whose iterations isn't from 1 to 10000000",
                ":$6$a$b           | names no user",
            })
    void aLineThatIsNoUserLetsNobodyIn(String line, String what) throws Exception {
        write("#\n", line, "\n", line("ann", "a"));
        try (PasswordFile users = PasswordFile.at(file)) {
            assertThat(letsIn(users, "ann", "a")).isTrue();
            for (String password : List.of("", "plain", "x")) {
                assertWrong(ask(users, "bob", password));
                assertWrong(ask(users, "noline", password));
            }
        }
        PasswordLines lines = PasswordLines.read(file, Files.readAllLines(file));
        assertThat(lines.faults()).containsExactly("line 2 of " + file + " " + what + ": it lets nobody in");
        write(line, "\n");
        assertThatThrownBy(() -> PasswordFile.at(file))
                .isInstanceOfSatisfying(
                        AuthFileException.class, e -> assertThat(e.line()).isEqualTo(1))
                .hasMessage("line 1 of " + file + " " + what);
    }

    @Test
    void whatCountsIsTheLastLineOfAUser() throws Exception {
        write(line("ann", "old"), line("bob", "b"), line("ann", "new"), "bob:broken\n");
        try (PasswordFile users = PasswordFile.at(file)) {
            assertThat(letsIn(users, "ann", "new")).isTrue();
            assertThat(letsIn(users, "ann", "old")).isFalse();
            assertThat(letsIn(users, "bob", "b")).isFalse();
        }
    }

    @Test
    void ofManyFaultsTheFirstAreTold() throws Exception {
        write("bob:plain\n".repeat(25), line("ann", "a"));
        assertThat(PasswordLines.read(file, Files.readAllLines(file)).faults())
                .hasSize(11)
                .last()
                .isEqualTo(file + " has 15 more lines that let nobody in");
    }

    @Test
    void saysThatAFileCantBeRead() throws Exception {
        assertThatThrownBy(() -> PasswordFile.at(file)).hasMessage(file + " is not there");
        Files.write(file, new byte[] {'a', ':', (byte) 0xFF, '\n'});
        assertThatThrownBy(() -> PasswordFile.at(file)).hasMessage("line 1 of " + file + " is not text in UTF-8");
    }

    // ---- changes

    @Test
    void aUserWhoIsGoneOrChangedMayNotStay() throws Exception {
        String bob = line("bob", "b");
        write(line("ann", "a"), bob, line("carl", "c"));
        try (PasswordFile users = PasswordFile.at(file)) {
            AuthResult.Accepted ann = (AuthResult.Accepted) ask(users, "ann", "a");
            AuthResult.Accepted bobs = (AuthResult.Accepted) ask(users, "bob", "b");
            AuthResult.Accepted carl = (AuthResult.Accepted) ask(users, "carl", "c");
            write(line("ann", "another"), bob);
            users.reload();
            assertThat(ann.validity().holds(0)).isFalse();
            assertThat(bobs.validity().holds(0)).isTrue();
            assertThat(carl.validity().holds(0)).isFalse();
            assertThat(letsIn(users, "carl", "c")).isFalse();
            assertThat(letsIn(users, "ann", "another")).isTrue();
        }
    }

    @Test
    void whatCantBeReadChangesNothing() throws Exception {
        write(line("ann", "a"));
        try (PasswordFile users = PasswordFile.at(file)) {
            AuthResult.Accepted ann = (AuthResult.Accepted) ask(users, "ann", "a");
            for (String broken : List.of("ann:plain\n", "\u0000", "ann")) {
                write(broken);
                assertThatThrownBy(users::reload).isInstanceOf(AuthFileException.class);
            }
            Files.delete(file);
            assertThatThrownBy(users::reload).isInstanceOf(AuthFileException.class);
            assertThat(ann.validity().holds(0)).isTrue();
            assertThat(letsIn(users, "ann", "a")).isTrue();
        }
    }

    @Test
    void aWatchedFileIsReadAgainWhenItHasChanged() throws Exception {
        write(line("ann", "a"));
        try (PasswordFile users = PasswordFile.at(file).watch(Duration.ofMillis(2))) {
            AuthResult.Accepted ann = (AuthResult.Accepted) ask(users, "ann", "a");
            Path other = Files.writeString(folder.resolve("new"), line("bob", "b"));
            Files.move(other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            await().until(() -> letsIn(users, "bob", "b"));
            assertThat(ann.validity().holds(0)).isFalse();
        }
    }

    // ---- at a broker

    @Test
    void aBrokerAsksIt() throws Exception {
        write(line("ann", "a secret"));
        try (PasswordFile users = PasswordFile.at(file);
                Broker broker = Broker.builder().authenticator(users).tcp(0).start()) {
            for (MqttVersion version : MqttVersion.values()) {
                try (WireClient ann = sent(
                        broker,
                        version,
                        connect("c").cleanStart().userName("ann").password("a secret"))) {
                    ann.expect(connack());
                }
                for (ConnectPacket wrong : List.of(
                        connect("c"),
                        connect("c").userName("ann").password("wrong"),
                        connect("c").userName("ann"),
                        connect("c").userName("eve").password("wrong"))) {
                    try (WireClient client = sent(broker, version, wrong)) {
                        Connack refused = client.expect(connack(ReasonCode.BAD_USER_NAME_OR_PASSWORD));
                        assertThat(refused.properties().string(Property.REASON_STRING))
                                .isNull();
                    }
                }
            }
        }
    }

    private static WireClient sent(Broker broker, MqttVersion version, ConnectPacket connect) {
        return WireClient.connect(broker.port("tcp"), version, TestTransport.TCP)
                .send(connect);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void usersInCodeAreTheSame(boolean wellHashed) {
        Map<String, String> hashes =
                Map.of("ann", wellHashed ? Passwords.pbkdf2(101).hash(bytes("a")) : "a");
        if (!wellHashed) {
            assertThatThrownBy(() -> Users.of(hashes))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("user 'ann' has a password that isn't hashed");
            return;
        }
        try (Users users = Users.of(hashes)) {
            assertThat(letsIn(users, "ann", "b")).isFalse();
            AuthResult.Accepted ann = (AuthResult.Accepted) ask(users, "ann", "a");
            users.replace(Map.of("bob", Passwords.pbkdf2(101).hash(bytes("b"))));
            assertThat(ann.validity().holds(0)).isFalse();
            assertThat(letsIn(users, "bob", "b")).isTrue();
            assertThat(letsIn(users, null, null)).isFalse();
            assertThat(letsIn(users.anonymous(true), null, null)).isTrue();
        }
    }
}
