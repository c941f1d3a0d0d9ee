package dev.dunlin.broker.simulation;

import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A client that breaks the rules, and whose connection the broker has to end for it. Nobody else may notice. */
final class Vandal implements Connection.End {
    /** What no client may send once it is connected. */
    private static final List<String> OUTRAGES = List.of(
            "100c00044d5154540502003c0000", // a second CONNECT
            "30050003612f230078", // a wildcard in a topic
            "3a0700036120620001", // DUP and QoS 1, cut short and followed by what comes
            "3603000161", // QoS 3
            "820400010000", // a SUBSCRIBE without a filter
            "8206000100000161", // reserved bits of SUBSCRIBE
            "40ffffff7f", // an endless PUBACK
            "300600026162c080", // malformed UTF-8, perhaps
            "62020000", // packet id 0
            "f0020000", // an AUTH that nobody has asked for
            "00ff", // a type that doesn't exist
            "320600026162000000"); // packet id 0

    private final Random random;
    private @Nullable Connection wire;
    private boolean outrageous;

    Vandal(Random random) {
        this.random = random;
    }

    /** Does something: connects, breaks a rule, or goes. */
    void act(Function<Connection.End, ? extends Connection> network) {
        Connection at = wire;
        if (at == null) {
            Connection made = network.apply(this);
            wire = made;
            outrageous = false;
            greet(made);
        } else if (!outrageous) {
            outrageous = true;
            byte[] bytes = random.nextInt(4) == 0 ? noise() : HexFormat.of().parseHex(outrage());
            send(at, Unpooled.wrappedBuffer(bytes));
        } else if (random.nextInt(3) == 0) {
            at.cut();
            wire = null;
        }
    }

    private void greet(Connection to) {
        MqttVersion version = random.nextBoolean() ? MqttVersion.V5 : MqttVersion.V3_1_1;
        ByteBuf connect = Unpooled.buffer();
        MqttEncoder.connect(connect, new Connect(version, "vandal", true, 0, Properties.EMPTY, null, null, null));
        send(to, connect);
    }

    private String outrage() {
        return OUTRAGES.get(random.nextInt(OUTRAGES.size()));
    }

    private byte[] noise() {
        byte[] bytes = new byte[1 + random.nextInt(40)];
        random.nextBytes(bytes);
        bytes[0] = (byte) 0xf1; // no packet begins so
        return bytes;
    }

    private static void send(Connection to, ByteBuf bytes) {
        to.send(bytes);
    }

    @Override
    public void received(ByteBuf bytes) {}

    @Override
    public void ended(Connection one) {
        wire = wire == one ? null : wire;
    }
}
