package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.StoreException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The socket for commands, by itself: what comes in is a line or refused with a sentence, and nobody blocks the others. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ControlSocketTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    private final BlockingQueue<ControlSocket.Answer> slow = new LinkedBlockingQueue<>();
    private final Map<String, ControlSocket.Command> commands = Map.of(
            "echo", (about, to) -> to.ok(about),
            "two",
                    (about, to) -> {
                        to.progress("one");
                        to.ok("two\nlines");
                    },
            "bug",
                    (about, to) -> {
                        throw new IllegalStateException("on purpose");
                    },
            "slow", (about, to) -> slow.add(to));
    private ControlSocket socket;

    @BeforeEach
    void open() throws IOException {
        socket = ControlSocket.open(folder, commands, LONG);
    }

    @AfterEach
    void close() throws IOException {
        socket.close();
    }

    private Path file() {
        return folder.resolve("dunlin.sock");
    }

    private SocketChannel connect() throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(file()));
        return channel;
    }

    /** All that is answered to these bytes, up to the end. */
    private String answerTo(byte[] request) throws IOException {
        try (SocketChannel channel = connect()) {
            channel.write(ByteBuffer.wrap(request));
            return answer(channel);
        }
    }

    private static String answer(SocketChannel channel) throws IOException {
        ByteBuffer answer = ByteBuffer.allocate(16_384);
        while (channel.read(answer) >= 0) {}
        return StandardCharsets.UTF_8.decode(answer.flip()).toString();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private String ask(String request) throws Exception {
        List<String> lines = new ArrayList<>();
        try (RunningBroker broker = RunningBroker.on(folder, lines::add)) {
            assertThat(broker).as("%s", lines).isNotNull();
            lines.add(broker.ask(request, lines::add));
        }
        return String.join("|", lines);
    }

    @Test
    void answersCommandsWithAllThatIsSaid() throws Exception {
        assertThat(ask("echo a folder with spaces, \u00fc")).isEqualTo("a folder with spaces, \u00fc");
        assertThat(ask("two")).isEqualTo("one|two lines");
        assertThatThrownBy(() -> ask("bug")).isInstanceOf(StoreException.class).hasMessageContaining("on purpose");
        assertThat(ask("echo again")).isEqualTo("again");
    }

    @ParameterizedTest
    @CsvSource({
        "'nonsense\n', error the running broker knows no command 'nonsense': is it of the same version?",
        "'\n', error the running broker knows no command '': is it of the same version?",
        "'ECHO a\n', error the running broker knows no command 'ECHO': is it of the same version?"
    })
    void refusesWhatIsNoCommand(String request, String answer) throws Exception {
        assertThat(answerTo(bytes(request))).isEqualTo(answer + "\n");
    }

    @Test
    void refusesALineThatIsTooLongOrNoText() throws Exception {
        String longest = "x".repeat(LineChannel.LINE_BYTES_MAX - 6);
        assertThat(answerTo(bytes("echo " + longest + "\n"))).isEqualTo("ok " + longest + "\n");
        assertThat(answerTo(bytes("echo x" + longest)))
                .isEqualTo("error the broker expects a command, but a line of more than 8191 bytes came\n");
        assertThat(answerTo(new byte[] {'e', (byte) 0xff, '\n'}))
                .isEqualTo("error the broker expects a command, but a line came that is no UTF-8\n");
    }

    @Test
    void takesALineInPieces() throws Exception {
        try (SocketChannel channel = connect()) {
            for (byte each : bytes("echo pieces\n")) {
                channel.write(ByteBuffer.wrap(new byte[] {each}));
            }
            assertThat(answer(channel)).isEqualTo("ok pieces\n");
        }
    }

    @Test
    void aClientThatGoesWithoutAWordIsForgotten() throws Exception {
        connect().close();
        try (SocketChannel half = connect()) {
            half.write(ByteBuffer.wrap(bytes("echo")));
            half.shutdownOutput();
            assertThat(answer(half)).isEqualTo("error the broker expects a command, but none came\n");
        }
        assertThat(ask("echo a")).isEqualTo("a");
    }

    @Test
    void aClientThatSaysNothingBlocksOthersForAMomentOnly() throws Exception {
        socket.close();
        socket = ControlSocket.open(folder, commands, Duration.ofMillis(200));
        try (SocketChannel silent = connect()) {
            assertThat(ask("echo behind it")).isEqualTo("behind it");
            assertThat(answer(silent))
                    .isEqualTo("error the broker expects a command, but no line came within 200 ms\n");
        }
    }

    @Test
    void aCommandThatTakesLongBlocksNobody() throws Exception {
        try (SocketChannel waiting = connect()) {
            waiting.write(ByteBuffer.wrap(bytes("slow\n")));
            ControlSocket.Answer answer = slow.take();
            assertThat(ask("echo meanwhile")).isEqualTo("meanwhile");
            answer.progress("still at it");
            answer.ok("done");
            assertThat(answer(waiting)).isEqualTo("progress still at it\nok done\n");
        }
        try (SocketChannel gone = connect()) {
            gone.write(ByteBuffer.wrap(bytes("slow\n")));
        }
        slow.take().ok("nobody hears this");
        assertThat(ask("echo after that")).isEqualTo("after that");
    }

    @Test
    void onlyItsOwnerReachesIt() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                .isEqualTo("rw-------");
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(file());
        }
    }

    @Test
    void isGoneAtTheEnd() throws Exception {
        socket.close();
        assertThat(folder).isEmptyDirectory();
        List<String> why = new ArrayList<>();
        assertThat(RunningBroker.on(folder, why::add)).isNull();
        assertThat(why).singleElement().asString().startsWith("nobody answers at " + file() + " (");
    }

    @Test
    void replacesWhatAKilledBrokerHasLeft() throws Exception {
        socket.close();
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(file()));
        }
        assertThat(file()).exists(); // nobody listens there any more
        Path half = Files.createDirectory(folder.resolve(".new"));
        Files.createFile(half.resolve("socket")); // killed while it made its socket
        assertThat(RunningBroker.on(folder, why -> {})).isNull();
        socket = ControlSocket.open(folder, commands, LONG);
        assertThat(ask("echo a")).isEqualTo("a");
        assertThat(half).doesNotExist();
    }

    @Test
    void saysWhatIsInTheWayAndLeavesNothing() throws Exception {
        Path deep = Files.createDirectories(folder.resolve("d".repeat(100)));
        assertThatThrownBy(() -> ControlSocket.open(deep, commands, LONG))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("too long");
        assertThat(deep).isEmptyDirectory();
        List<String> why = new ArrayList<>();
        assertThat(RunningBroker.on(deep, why::add)).isNull();
        assertThat(why).singleElement().asString().contains("too long");
    }

    @Test
    void wherePathsAreShortEnoughToListenTheyAreToConnect() throws Exception {
        int listening = 0;
        for (int bytes = 95; bytes <= 110; bytes++) {
            Path dir = Files.createDirectories(folder.resolve("d".repeat(bytes - (folder + "//dunlin.sock").length())));
            try (ControlSocket there = ControlSocket.open(dir, commands, LONG);
                    RunningBroker broker = RunningBroker.on(dir, why -> {})) {
                assertThat(there).isNotNull();
                assertThat(broker.ask("echo a", progress -> {})).isEqualTo("a");
                listening++;
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("too long");
                assertThat(RunningBroker.on(dir, why -> {})).isNull();
            }
        }
        assertThat(listening).isBetween(1, 15);
    }

    @Test
    void aBrokerThatEndsInTheMiddleIsAFailure() throws Exception {
        socket.close();
        try (ServerSocketChannel broker = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            broker.bind(UnixDomainSocketAddress.of(file()));
            for (String said : List.of("", "progress half\n", "progress half\nok who")) {
                try (RunningBroker asked = RunningBroker.on(folder, why -> {})) {
                    SocketChannel served = broker.accept();
                    served.write(ByteBuffer.wrap(bytes(said)));
                    served.shutdownOutput();
                    assertThatThrownBy(() -> asked.ask("echo a", progress -> {}))
                            .isInstanceOf(StoreException.class)
                            .hasMessage("the broker that runs on " + folder + " has ended before it was done");
                    served.close();
                }
            }
        }
    }
}
