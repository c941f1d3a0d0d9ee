package dev.dunlin.examples;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Interceptor;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.Verdict;
import dev.dunlin.codec.ReasonCode;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Refuses whatever is published below {@code json/} and isn't JSON (RFC 8259). A 5.0 client is told so with 0x99 (payload format
 * invalid); one of 3.1.1 gets its acknowledgement, and nobody gets the message. Enter ends it.
 */
public final class ValidateJson implements Interceptor {
    private static final String TOPICS = "json/";

    public static void main(String[] args) throws Exception {
        try (Broker broker =
                Broker.builder().tcp(0).intercept(new ValidateJson()).start()) {
            System.out.println("clients connect to port " + broker.port("tcp"));
            System.in.read();
        }
    }

    /** It takes microseconds, so it is done here, on the event loop. */
    @Override
    public Verdict<Message> onPublish(ClientInfo from, Message message) {
        if (!message.topic().startsWith(TOPICS)
                || (message.retain() && !message.payload().hasRemaining())) {
            return Verdict.pass(); // the latter removes what is retained
        }
        try {
            CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(message.payload());
            return new Json(text).isValid()
                    ? Verdict.pass()
                    : Verdict.reject(ReasonCode.PAYLOAD_FORMAT_INVALID, "the payload is no JSON");
        } catch (CharacterCodingException e) {
            return Verdict.reject(ReasonCode.PAYLOAD_FORMAT_INVALID, "the payload is no UTF-8");
        }
    }

    /** Looks whether a text is JSON; makes nothing of it. */
    private static final class Json {
        /** Clients choose how deep it is, and each level takes stack. */
        private static final int DEPTH_MAX = 100;

        private static final char END = 0; // which no JSON has outside of its end

        private final CharBuffer text;

        Json(CharBuffer text) {
            this.text = text;
        }

        boolean isValid() {
            return value(0) && next() == END && !text.hasRemaining();
        }

        private boolean value(int depth) {
            if (depth > DEPTH_MAX) {
                return false;
            }
            return switch (next()) {
                case '{' -> members('}', depth);
                case '[' -> members(']', depth);
                case '"' -> string();
                case 't' -> word("true");
                case 'f' -> word("false");
                case 'n' -> word("null");
                default -> number();
            };
        }

        /** Of an object, whose members have names, or of an array. */
        private boolean members(char close, int depth) {
            take();
            if (next() == close) {
                take();
                return true;
            }
            while (true) {
                boolean named = close == ']' || (next() == '"' && string() && next() == ':' && take() == ':');
                if (!named || !value(depth + 1)) {
                    return false;
                }
                char behind = next();
                if (behind != close && behind != ',') {
                    return false;
                }
                take();
                if (behind == close) {
                    return true;
                }
            }
        }

        private boolean string() {
            take();
            while (text.hasRemaining()) {
                char c = take();
                if (c == '"') {
                    return true;
                }
                if (c < ' ' || (c == '\\' && !escape())) {
                    return false;
                }
            }
            return false;
        }

        private boolean escape() {
            char c = peek();
            if (c != 'u') {
                return c != END && "\"\\/bfnrt".indexOf(take()) >= 0;
            }
            take();
            for (int i = 0; i < 4; i++) {
                if (Character.digit(peek(), 16) < 0 || take() > 'f') {
                    return false;
                }
            }
            return true;
        }

        private boolean number() {
            if (peek() == '-') {
                take();
            }
            boolean whole = peek() == '0' ? take() == '0' : digits();
            if (whole && peek() == '.') {
                take();
                whole = digits();
            }
            if (whole && (peek() == 'e' || peek() == 'E')) {
                take();
                if (peek() == '+' || peek() == '-') {
                    take();
                }
                whole = digits();
            }
            return whole;
        }

        private boolean digits() {
            int before = text.position();
            while (peek() >= '0' && peek() <= '9') {
                take();
            }
            return text.position() > before;
        }

        private boolean word(String expected) {
            for (int i = 0; i < expected.length(); i++) {
                if (peek() != expected.charAt(i)) {
                    return false;
                }
                take();
            }
            return true;
        }

        /** What comes behind white space; it isn't taken. */
        private char next() {
            while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') {
                take();
            }
            return peek();
        }

        private char peek() {
            return text.hasRemaining() ? text.get(text.position()) : END;
        }

        private char take() {
            return text.get();
        }
    }
}
