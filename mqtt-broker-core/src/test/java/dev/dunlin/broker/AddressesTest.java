package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.BrokerStartException.Kind;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.codec.MqttVersion;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Listeners on several addresses, and on those of IPv6. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class AddressesTest {
    private static final List<String> BOTH = List.of("127.0.0.1", "::1");

    private static BrokerStartException refused(Listener listener) {
        return catchThrowableOfType(
                BrokerStartException.class,
                () -> Broker.builder().allowAnonymous().listen(listener).start().close());
    }

    private static void assertServed(String host, int port) throws IOException {
        try (Socket socket = new Socket(NetUtil.createInetAddressFromIpAddressString(host), port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write(Packets.bytes(
                            MqttVersion.V3_1_1, Packets.connect("c").cleanStart()));
            assertThat(socket.getInputStream().readNBytes(4)).containsExactly(0x20, 2, 0, 0);
        }
    }

    @Test
    void listensOnAllOfThemWithOnePort() throws Exception {
        try (Broker broker = Broker.builder().listen(Listener.tcp(BOTH, 0)).start()) {
            int port = broker.port("tcp");
            assertThat(broker.listeners())
                    .extracting(ListenerAddress::uri)
                    .containsExactly("tcp://127.0.0.1:" + port, "tcp://[::1]:" + port);
            assertServed("127.0.0.1", port);
            assertServed("::1", port);
        }
    }

    @Test
    void aListenerOfAnyKindMayHaveMoreAddresses() throws Exception {
        Listener listener = Listener.webSocket("127.0.0.1", 0, "/p").alsoOn("::1", "127.0.0.2");
        try (Broker broker = Broker.builder().listen(listener).start()) {
            int port = broker.port("ws");
            assertThat(broker.listeners())
                    .extracting(ListenerAddress::uri)
                    .containsExactly(
                            "ws://127.0.0.1:" + port + "/p",
                            "ws://[::1]:" + port + "/p",
                            "ws://127.0.0.2:" + port + "/p");
            for (ListenerAddress address : broker.listeners()) {
                new Socket(address.host(), address.port()).close();
            }
        }
    }

    @Test
    void oneThatCannotBeBoundFailsTheStartAndLeavesNothing() throws Exception {
        try (ServerSocket busy = new ServerSocket(0, 1, NetUtil.createInetAddressFromIpAddressString("::1"))) {
            int port = busy.getLocalPort();
            BrokerStartException e = refused(Listener.tcp(BOTH, port));
            assertThat(e.kind()).isEqualTo(Kind.PORT);
            assertThat(e).hasMessage("can't listen on ::1 port " + port + ": Address already in use");
            new ServerSocket(port, 1, NetUtil.createInetAddressFromIpAddressString("127.0.0.1")).close();
        }
        BrokerStartException e = refused(Listener.tcp("127.0.0.1", 0).alsoOn("no such host"));
        assertThat(e).hasMessageMatching("can't listen on no such host port [1-9][0-9]*: unknown host");
    }

    /** Whatever port it gets, the second address is the first one again. */
    @Test
    void triesOtherPortsButNotForEver() {
        BrokerStartException e = refused(Listener.tcp("127.0.0.1", 0).alsoOn("localhost"));
        assertThat(e).hasMessageMatching("can't listen on localhost port [1-9][0-9]*: Address already in use");
    }

    @Test
    void theWildcardOfIpv6IsThatOfIpv4Too() throws Exception {
        try (Broker broker =
                Broker.builder().allowAnonymous().listen(Listener.tcp("::", 0)).start()) {
            assertServed("::1", broker.port("tcp"));
            assertServed("127.0.0.1", broker.port("tcp"));
        }
        assertThat(refused(Listener.tcp(List.of("::", "0.0.0.0"), 0))).hasMessageEndingWith("Address already in use");
    }

    @Test
    void otherMachinesReachItByAnyOfThem() {
        BrokerStartException e = catchThrowableOfType(
                BrokerStartException.class,
                () -> Broker.builder()
                        .listen(Listener.tcp(BOTH, 0).alsoOn("0.0.0.0"))
                        .start());
        assertThat(e.kind()).isEqualTo(Kind.CONFIG);
        assertThat(e).hasMessageContaining("0.0.0.0");
    }

    @Test
    void refusesHostsThatMeanNothing() {
        assertThatThrownBy(() -> Listener.tcp(List.of(), 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Listener.tcp(List.of("a", ""), 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Listener.tcp("a", 0).alsoOn("a")).isInstanceOf(IllegalArgumentException.class);
    }
}
