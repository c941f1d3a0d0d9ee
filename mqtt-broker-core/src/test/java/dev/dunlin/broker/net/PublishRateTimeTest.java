package dev.dunlin.broker.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet.Ack;
import dev.dunlin.codec.Packet.OutgoingPublish;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A client that is read no further for its rate, on virtual time. */
class PublishRateTimeTest {
    private static final int KEEP_ALIVE_S = 2;

    @Test
    void itsKeepAliveStandsStillMeanwhile() {
        try (Simulation simulation = new Simulation(1, 2, Limits.EMBEDDED.withPublishBytesPerSecondMax(1_000))) {
            SimulatedClient client = simulation.open();
            client.send(new Connect(MqttVersion.V5, "c", true, KEEP_ALIVE_S, Properties.EMPTY, null, null, null));
            assertThat(client.next()).isInstanceOf(Connack.class);

            client.send(publish(60_000, 1), publish(1, 2)); // a minute's worth
            assertThat(client.next()).isEqualTo(puback(1));
            for (int second = 0; second < 59; second++) {
                simulation.advance(Duration.ofSeconds(1));
                assertThat(client.isOpen()).as("after %d s", second).isTrue();
                assertThat(client.next()).isNull();
            }
            simulation.advance(Duration.ofSeconds(1));
            assertThat(client.next()).isEqualTo(puback(2));

            simulation.advance(Duration.ofSeconds(KEEP_ALIVE_S));
            assertThat(client.isOpen()).isTrue();
            simulation.advance(Duration.ofSeconds(KEEP_ALIVE_S));
            assertThat(client.isOpen()).as("now it is silent by itself").isFalse();
        }
    }

    @Test
    void sendsAsMuchAsItMayOverALongTime() {
        try (Simulation simulation = new Simulation(2, 2, Limits.EMBEDDED.withPublishesPerSecondMax(700))) {
            SimulatedClient client = simulation.open();
            client.send(new Connect(MqttVersion.V5, "c", true, 0, Properties.EMPTY, null, null, null));
            assertThat(client.next()).isInstanceOf(Connack.class);
            int sent = 20_000;
            for (int i = 0; i < sent; i++) {
                client.sendOnly(publish(1, 0));
            }
            client.send(publish(1, 1));
            int seconds = 0;
            while (client.next() == null) {
                simulation.advance(Duration.ofMillis(100));
                seconds++;
            }
            assertThat(seconds / 10.0).isBetween((sent - 700) / 700.0 - 0.2, (sent - 700) / 700.0 + 0.2);
        }
    }

    private static OutgoingPublish publish(int payloadBytes, int packetId) {
        PublishFrame frame =
                PublishFrame.of("t", Properties.EMPTY, -1, new byte[payloadBytes], MqttVersion.V5, packetId > 0);
        return new OutgoingPublish(frame, false, packetId > 0 ? QoS.AT_LEAST_ONCE : QoS.AT_MOST_ONCE, false, packetId);
    }

    private static Ack puback(int packetId) {
        return new Ack(PacketType.PUBACK, packetId, ReasonCode.NO_MATCHING_SUBSCRIBERS, Properties.EMPTY);
    }
}
