package dev.dunlin.server.mosquitto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What becomes of passwords that nobody looks at. */
final class ClaimedNameTest {
    @Test
    void clearsPasswordsThatItDoesNotLookAt() {
        List<Authenticator> all = List.of(
                ClaimedName::believed,
                ClaimedName::certified,
                ClaimedName::refused,
                ClaimedName.withClientIds("other", ClaimedName::believed));
        assertThat(all).allSatisfy(authenticator -> {
            byte[] password = {1, 2, 3};
            authenticator.authenticate(new ConnectRequest(
                    "client",
                    MqttVersion.V5,
                    true,
                    "ann",
                    password,
                    Properties.EMPTY,
                    InetSocketAddress.createUnresolved("client.example", 1),
                    "listener"));
            assertThat(password).containsOnly(0);
        });
    }
}
