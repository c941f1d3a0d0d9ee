package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.BrokerStartException.Kind;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A Unix domain socket's file: where it comes from, who gets in by it, and where it goes. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class UnixSocketTest {
    @TempDir
    private Path folder;

    private Path file() {
        return folder.resolve("mqtt.sock");
    }

    private Broker start() throws BrokerStartException {
        return Broker.builder().listen(Listener.unix(file())).start();
    }

    private static WireClient client(Broker broker) {
        int number = TestTransport.UNIX.portOf(broker, "unix");
        return WireClient.connect(number, MqttVersion.V5, TestTransport.UNIX).login("c");
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.toList();
        }
    }

    private void assertRefused(Listener listener, String why) {
        BrokerStartException e = catchThrowableOfType(
                BrokerStartException.class,
                () -> Broker.builder().listen(listener).start().close());
        assertThat(e.kind()).isEqualTo(Kind.PORT);
        assertThat(e).hasMessageStartingWith("can't listen on ").hasMessageEndingWith(": " + why);
    }

    @Test
    void letsItsOwnerInAndIsRemovedAtTheEnd() throws Exception {
        try (Broker broker = start();
                WireClient client = client(broker)) {
            client.subscribed("t", 1).published("u", "p", 1).ping();
            assertThat(files()).containsExactly(file());
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                    .isEqualTo("rw-------");
        }
        assertThat(files()).isEmpty();
    }

    @Test
    void hasThePermissionsThatWereAskedFor() throws Exception {
        Listener listener = Listener.unix(file()).socketPermissions("rw-rw----");
        try (Broker broker = Broker.builder().listen(listener).start()) {
            assertThat(broker.listeners()).hasSize(1);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                    .isEqualTo("rw-rw----");
        }
        assertThatThrownBy(() -> Listener.unix(file()).socketPermissions("660"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Listener.tcp("::1", 0).socketPermissions("rw-rw----"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void saysWhereItIs() throws Exception {
        try (Broker broker = start()) {
            assertThat(broker.listeners())
                    .containsExactly(new ListenerAddress("unix", "unix", "", 0, file().toString()));
            assertThat(broker.listeners().get(0).uri()).isEqualTo("unix:" + file());
            assertThatThrownBy(() -> broker.port("unix"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("unix is at unix:" + file() + " and has no port");
        }
    }

    @Test
    void tellsTheAuthenticatorWhichSocketItWas() throws Exception {
        AtomicReference<ConnectRequest> last = new AtomicReference<>();
        BrokerBuilder builder = Broker.builder().listen(Listener.unix(file())).authenticator(request -> {
            last.set(request);
            return CompletableFuture.completedFuture(AuthResult.accept(Identity.ANONYMOUS));
        });
        try (Broker broker = builder.start();
                WireClient client = client(broker)) {
            client.ping();
            assertThat(last.get().remoteAddress()).isEqualTo(UnixDomainSocketAddress.of(file()));
            assertThat(last.get().listener()).isEqualTo("unix");
        }
    }

    // ---- what is there already

    @Test
    void replacesASocketThatNobodyAcceptsOn() throws Exception {
        try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            killed.bind(UnixDomainSocketAddress.of(file()));
        }
        assertThat(files()).containsExactly(file());
        try (Broker broker = start();
                WireClient client = client(broker)) {
            client.ping();
        }
    }

    @Test
    void leavesASocketAloneThatSomebodyAcceptsOn() throws Exception {
        try (Broker broker = start()) {
            assertRefused(Listener.unix(file()), "somebody listens there already");
            assertThat(files()).containsExactly(file());
            try (WireClient client = client(broker)) {
                client.ping();
            }
        }
    }

    @Test
    void leavesAloneWhatIsNoSocket() throws Exception {
        Files.writeString(file(), "precious");
        assertRefused(Listener.unix(file()), "there is a file that is no socket");
        assertThat(file()).hasContent("precious");
        assertRefused(Listener.unix(folder), "there is a file that is no socket");
    }

    @Test
    void leavesASocketAloneThatHasTakenItsPlace() throws Exception {
        try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            try (Broker broker = start()) {
                assertThat(broker.listeners()).hasSize(1);
                Files.delete(file());
                other.bind(UnixDomainSocketAddress.of(file()));
            }
            assertThat(SocketChannel.open(UnixDomainSocketAddress.of(file())).isConnected())
                    .isTrue();
        }
    }

    // ---- what can't be

    @Test
    void refusesAPathThatCannotBeASocket() throws Exception {
        Path nowhere = folder.resolve("none").resolve("s");
        assertRefused(
                Listener.unix(nowhere),
                "the folder " + nowhere.getParent() + " isn't there, or nothing can be made in it");
        assertRefused(Listener.unix(folder.resolve("x".repeat(110))), "the path is too long for a socket");
        assertThat(files()).isEmpty();
    }

    @Test
    void hasPlainMqttOnIt() {
        Listener listener = Listener.unix(file());
        Tls tls = Tls.pem(file(), file());
        assertThatThrownBy(() -> listener.tls(tls)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> listener.alsoOn("::1")).isInstanceOf(IllegalArgumentException.class);
    }
}
