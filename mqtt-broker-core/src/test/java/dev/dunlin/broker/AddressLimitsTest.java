package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.TestBroker.ManualTime;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.OnlyOverTcp;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The bounds of one address, on sockets; every test has loopback counted, which has many addresses. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class AddressLimitsTest {
    private static final byte[] ELSEWHERE = {127, 0, 0, 2};

    private final ManualTime time = new ManualTime();
    private TestBroker broker;

    private TestBroker start(Limits limits) {
        broker = TestBroker.start(builder -> builder.time(time).limits(limits).uncounted(address -> false));
        return broker;
    }

    @AfterEach
    void close() {
        if (broker != null) {
            broker.close();
        }
    }

    @EachVersion
    @OnlyOverTcp("over TLS and WebSocket the client sees a handshake that fails")
    @Reaches("connectionsPerAddressMax")
    void closesFurtherConnectionsFromOneAddressAtOnce(MqttVersion version) throws IOException {
        start(Limits.EMBEDDED.withConnectionsPerAddressMax(2));
        WireClient first = broker.client(version, "first");
        WireClient silent = broker.open(version);
        first.ping();
        broker.open(version).expectClosed();
        broker.open(version).expectClosed();
        try (Socket elsewhere = from(ELSEWHERE)) {
            assertThat(isServed(elsewhere)).as("another address").isTrue();
        }
        silent.drop();
        TestBroker.eventually("only the first is left", () -> broker.openConnections() == 1);
        broker.client(version, "second").ping();
        first.ping();
    }

    @Test
    @OnlyOverTcp("over TLS and WebSocket the client sees a handshake that fails")
    @Reaches("connectsPerSecondPerAddress")
    void closesConnectionsThatComeTooFastAfterEachOther() throws IOException {
        start(Limits.EMBEDDED.withConnectsPerSecondPerAddress(3));
        for (int i = 0; i < 3; i++) {
            broker.client("c" + i).leave();
        }
        broker.open(MqttVersion.V5).expectClosed();
        try (Socket elsewhere = from(ELSEWHERE)) {
            assertThat(isServed(elsewhere)).as("another address").isTrue();
        }
        time.advance(Duration.ofMillis(333));
        broker.open(MqttVersion.V5).expectClosed();
        time.advance(Duration.ofMillis(1));
        broker.client("again").leave();
        broker.open(MqttVersion.V5).expectClosed();
        time.advance(Duration.ofSeconds(100));
        for (int i = 0; i < 3; i++) {
            broker.client("d" + i).leave();
        }
        broker.open(MqttVersion.V5).expectClosed();
    }

    @Test
    @Reaches({"connectionsPerAddressMax", "connectsPerSecondPerAddress"})
    void doesNotCountProgramsOnThisMachine() {
        broker =
                TestBroker.start(Limits.EMBEDDED.withConnectionsPerAddressMax(1).withConnectsPerSecondPerAddress(1));
        for (int i = 0; i < 5; i++) {
            broker.client("c" + i).ping();
        }
    }

    private Socket from(byte... ip) throws IOException {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(InetAddress.getByAddress(ip), 0));
        socket.connect(new InetSocketAddress(
                InetAddress.getLoopbackAddress(), broker.broker().port("tcp")));
        socket.setSoTimeout(10_000);
        return socket;
    }

    /** Whether the broker answers a CONNECT. */
    private static boolean isServed(Socket socket) throws IOException {
        socket.getOutputStream().write(new byte[] {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 1, 'x'});
        return socket.getInputStream().read() == 0x20;
    }
}
