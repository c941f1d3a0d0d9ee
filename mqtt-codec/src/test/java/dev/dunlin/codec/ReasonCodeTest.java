package dev.dunlin.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class ReasonCodeTest {
    /** Table 2-6 of the specification: code, and the packets. */
    private static final String TABLE_2_6 = """
            00 CONNACK PUBACK PUBREC PUBREL PUBCOMP UNSUBACK AUTH SUBACK DISCONNECT
            01 SUBACK
            02 SUBACK
            04 DISCONNECT
            10 PUBACK PUBREC
            11 UNSUBACK
            18 AUTH
            19 AUTH
            80 CONNACK PUBACK PUBREC SUBACK UNSUBACK DISCONNECT
            81 CONNACK DISCONNECT
            82 CONNACK DISCONNECT
            83 CONNACK PUBACK PUBREC SUBACK UNSUBACK DISCONNECT
            84 CONNACK
            85 CONNACK
            86 CONNACK
            87 CONNACK PUBACK PUBREC SUBACK UNSUBACK DISCONNECT
            88 CONNACK
            89 CONNACK DISCONNECT
            8A CONNACK
            8B DISCONNECT
            8C CONNACK DISCONNECT
            8D DISCONNECT
            8E DISCONNECT
            8F SUBACK UNSUBACK DISCONNECT
            90 CONNACK PUBACK PUBREC DISCONNECT
            91 PUBACK PUBREC SUBACK UNSUBACK
            92 PUBREL PUBCOMP
            93 DISCONNECT
            94 DISCONNECT
            95 CONNACK DISCONNECT
            96 DISCONNECT
            97 CONNACK PUBACK PUBREC SUBACK DISCONNECT
            98 DISCONNECT
            99 CONNACK PUBACK PUBREC DISCONNECT
            9A CONNACK DISCONNECT
            9B CONNACK DISCONNECT
            9C CONNACK DISCONNECT
            9D CONNACK DISCONNECT
            9E SUBACK DISCONNECT
            9F CONNACK DISCONNECT
            A0 DISCONNECT
            A1 SUBACK DISCONNECT
            A2 SUBACK DISCONNECT
            """;

    @Test
    void standsWhereTheSpecificationPutsIt() {
        List<String> rows = TABLE_2_6.lines().toList();
        assertThat(rows).hasSize(ReasonCode.values().length);
        for (String row : rows) {
            List<String> cells = Arrays.asList(row.split(" ", -1));
            ReasonCode reason = ReasonCode.of(Integer.parseInt(cells.get(0), 16));
            for (PacketType type : PacketType.values()) {
                assertThat(reason.allowedIn(type)).as(reason + " in " + type).isEqualTo(cells.contains(type.name()));
            }
            assertThat(reason.isError()).isEqualTo(cells.get(0).compareTo("80") >= 0);
            assertThat(String.format(Locale.ROOT, "%02X", reason.code())).isEqualTo(cells.get(0));
        }
    }

    @Test
    void unknownCodesAreNull() {
        for (int code : new int[] {-1, 3, 0x7F, 0xA3, 0xFF, 256}) {
            assertThat(ReasonCode.of(code)).isNull();
        }
    }

    @Test
    void mapsToReturnCodesAndBack() {
        for (int code = 0; code <= 5; code++) {
            assertThat(ReasonCode.ofConnectReturnCode(code).connectReturnCode()).isEqualTo(code);
        }
        assertThat(ReasonCode.ofConnectReturnCode(6)).isNull();
        assertThat(ReasonCode.ofConnectReturnCode(-1)).isNull();
        assertThat(ReasonCode.SERVER_BUSY.connectReturnCode()).isEqualTo(3);
        assertThat(ReasonCode.BANNED.connectReturnCode()).isEqualTo(5);
        assertThat(ReasonCode.QUOTA_EXCEEDED.connectReturnCode()).isEqualTo(-1);
    }

    @Test
    void everyPropertyHasItsIdAndIsFound() {
        assertThat(Property.values()).hasSize(27).allMatch(p -> Property.of(p.id()) == p);
        for (int id : new int[] {-1, 0, 4, 0x2B, 0x81}) {
            assertThat(Property.of(id)).isNull();
        }
    }

    @Test
    void typesAndVersionsAreFoundByCode() {
        for (PacketType type : PacketType.values()) {
            assertThat(PacketType.of(type.code())).isEqualTo(type);
        }
        assertThat(PacketType.of(0)).isNull();
        assertThat(PacketType.of(16)).isNull();
        assertThat(MqttVersion.of("MQTT", 5)).isEqualTo(MqttVersion.V5);
        assertThat(MqttVersion.of("MQTT", 3)).isNull();
    }
}
