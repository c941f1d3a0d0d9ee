package dev.dunlin.broker.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Limits;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

/** Who may come in, by where from; with a clock that stands still unless a test moves it. */
class AdmissionTest {
    private long nowMs = 5_000;

    private Admission admission(int connectionsMax, int perSecond) {
        Limits limits =
                Limits.EMBEDDED.withConnectionsPerAddressMax(connectionsMax).withConnectsPerSecondPerAddress(perSecond);
        return new Admission(limits, () -> nowMs, InetAddress::isLoopbackAddress);
    }

    private static SocketAddress from(String ip) {
        return new InetSocketAddress(ip, 1_000);
    }

    @Test
    void countsConnectionsByAddress() {
        Admission admission = admission(2, 0);
        assertThat(admission.enter(from("192.0.2.1"))).isTrue();
        assertThat(admission.enter(from("192.0.2.1"))).isTrue();
        assertThat(admission.enter(from("192.0.2.1"))).isFalse();
        assertThat(admission.enter(from("192.0.2.2"))).as("another one").isTrue();

        admission.leave(from("192.0.2.1"));

        assertThat(admission.enter(from("192.0.2.1"))).isTrue();
        assertThat(admission.enter(from("192.0.2.1"))).isFalse();
    }

    @Test
    void takesAnIpv6AddressByItsFirst64Bits() {
        Admission admission = admission(1, 0);
        assertThat(admission.enter(from("2001:db8:1:2::1"))).isTrue();
        assertThat(admission.enter(from("2001:db8:1:2:ffff:1:2:3"))).isFalse();
        assertThat(admission.enter(from("2001:db8:1:3::1"))).isTrue();
    }

    @Test
    void knowsAnIpv4AddressInsideOfAnIpv6One() {
        Admission admission = admission(1, 0);
        assertThat(admission.enter(from("192.0.2.1"))).isTrue();
        assertThat(admission.enter(from("::ffff:192.0.2.1"))).isFalse();
    }

    @Test
    void letsInAsManyPerSecondAsAllowedAndAsManyAtOnce() {
        Admission admission = admission(0, 10);
        assertThat(entered(admission, 100)).isEqualTo(10);
        nowMs += 99;
        assertThat(entered(admission, 100)).isZero();
        nowMs += 1;
        assertThat(entered(admission, 100)).isEqualTo(1);
        nowMs += 550;
        assertThat(entered(admission, 100)).isEqualTo(5);
        nowMs += 1_000_000_000_000L;
        assertThat(entered(admission, 100)).as("no more than of one second").isEqualTo(10);
    }

    @Test
    void whoIsRefusedForTheNumberOfConnectionsLosesNothingOfTheRate() {
        Admission admission = admission(1, 3);
        assertThat(entered(admission, 100)).isEqualTo(1);
        for (int i = 0; i < 2; i++) {
            admission.leave(from("192.0.2.1"));
            assertThat(entered(admission, 100)).isEqualTo(1);
        }
        admission.leave(from("192.0.2.1"));
        assertThat(entered(admission, 100)).as("its rate is used up").isZero();
    }

    private static int entered(Admission admission, int attempts) {
        int entered = 0;
        for (int i = 0; i < attempts; i++) {
            entered += admission.enter(from("192.0.2.1")) ? 1 : 0;
        }
        return entered;
    }

    @Test
    void countsNobodyOnThisMachine() {
        Admission admission = admission(1, 1);
        for (int i = 0; i < 5; i++) {
            assertThat(admission.enter(from("127.0.0.1"))).isTrue();
            assertThat(admission.enter(from("127.1.2.3"))).isTrue();
            assertThat(admission.enter(from("::1"))).isTrue();
            assertThat(admission.enter(new DomainSocketAddress("/tmp/a"))).isTrue();
            assertThat(admission.enter(LocalAddress.ANY)).isTrue();
        }
        admission.leave(from("127.0.0.1"));
        admission.leave(LocalAddress.ANY);
        assertThat(admission.addresses()).isZero();
    }

    @Test
    void keepsNothingOfThoseThatAreGoneAndHaveTheirRateAgain() throws UnknownHostException {
        Admission admission = admission(5, 5);
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 1_000; i++) {
                SocketAddress one = prefix(round * 1_000 + i);
                assertThat(admission.enter(one)).isTrue();
                admission.leave(one);
            }
            nowMs += 1_000;
        }
        assertThat(admission.addresses()).as("of 20,000").isLessThanOrEqualTo(3_000);
    }

    @Test
    void holdsABoundHoweverManyAddressesComeAtOnce() throws UnknownHostException {
        Admission admission = admission(5, 1);
        SocketAddress connected = from("192.0.2.1");
        admission.enter(connected);
        for (int i = 0; i < 5 * Admission.SPENT_MAX; i++) {
            SocketAddress one = prefix(i);
            assertThat(admission.enter(one)).isTrue();
            admission.leave(one);
            if (admission.addresses() > Admission.SPENT_MAX + 1) {
                assertThat(admission.addresses()).isLessThanOrEqualTo(Admission.SPENT_MAX + 1);
            }
        }
        assertThat(admission.enter(connected))
                .as("who has a connection is not forgotten")
                .isFalse();
        admission.leave(connected);
    }

    /** An address in an IPv6 prefix of its own. */
    private static SocketAddress prefix(int number) throws UnknownHostException {
        byte[] ip = new byte[16];
        ip[0] = 0x20;
        for (int i = 0; i < 4; i++) {
            ip[4 + i] = (byte) (number >> (8 * i));
        }
        return new InetSocketAddress(InetAddress.getByAddress(ip), 1_000);
    }

    @Test
    void countsTheConnectionsOfAListenerApartAndAmongThoseOfTheBroker() {
        Admission broker = admission(0, 0);
        Admission listener = broker.ofListener(Limits.EMBEDDED.withConnectionsMax(1));
        assertThat(listener.open(3)).isTrue();
        assertThat(listener.open(3)).isFalse();
        assertThat(broker.open(3)).isTrue();
        assertThat(broker.open(3)).isTrue();
        assertThat(broker.open(3)).isFalse();
        listener.close();
        assertThat(broker.open(3)).isTrue();
        assertThat(listener.open(3)).as("the broker has its three").isFalse();
        broker.close();
        assertThat(listener.open(3)).isTrue();
    }
}
