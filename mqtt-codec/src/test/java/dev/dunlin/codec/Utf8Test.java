package dev.dunlin.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Against the decoder of the JDK as the model, on texts with a few bytes changed. */
class Utf8Test {
    private static final int TEXTS = 200_000;
    private static final String ALPHABET = "abcdefgh/+#\0\1\u001F ~\u007F\u0080\u009F\u00A0\u07FF\u0800\uD7FF\uE000"
            + "\uFDCF\uFDD0\uFDEF\uFDF0\uFEFF\uFFBE\uFFFD\uFFFE\uFFFF";

    @Test
    void agreesWithTheJdk() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("Utf8Test -Dseed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < TEXTS; i++) {
            byte[] bytes = randomBytes(random);
            int before = random.nextInt(9);
            ByteBuf in = Unpooled.buffer().writeZero(before).writeBytes(bytes).writeByte(0xFF);
            assertThat(Utf8.check(in, before, before + bytes.length))
                    .as("seed " + seed + ": " + Arrays.toString(bytes))
                    .isEqualTo(model(bytes));
        }
    }

    private static int model(byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            int wildcard = text.indexOf('+') >= 0 || text.indexOf('#') >= 0 ? Utf8.WILDCARD : Utf8.PLAIN;
            int discouraged = text.codePoints().anyMatch(Utf8Test::isDiscouraged) ? Utf8.DISCOURAGED : Utf8.PLAIN;
            return text.indexOf('\0') >= 0 ? Utf8.MALFORMED : wildcard | discouraged;
        } catch (CharacterCodingException e) {
            return Utf8.MALFORMED;
        }
    }

    private static boolean isDiscouraged(int c) {
        return Character.isISOControl(c) || (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
    }

    private static byte[] randomBytes(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(30);
        int letters = random.nextBoolean() ? 9 : ALPHABET.length();
        for (int i = 0; i < length; i++) {
            if (random.nextInt(20) == 0) {
                int c = random.nextInt(0x10000, 0x110000);
                text.appendCodePoint(random.nextBoolean() ? c : c | 0xFFFE);
            } else {
                text.append(ALPHABET.charAt(random.nextInt(letters)));
            }
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        for (int changes = random.nextInt(3); changes > 0 && bytes.length > 0; changes--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return random.nextInt(4) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length + 1)) : bytes;
    }
}
