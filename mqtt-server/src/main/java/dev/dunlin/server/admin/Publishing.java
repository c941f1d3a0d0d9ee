package dev.dunlin.server.admin;

import dev.dunlin.broker.LocalClient;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.Printable;
import dev.dunlin.codec.QoS;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Publishes in the name of the administrator. */
final class Publishing {
    static final int PAYLOAD_BYTES_MAX = 1 << 20;

    private static final long SECONDS_MAX = 0xFFFF_FFFFL;
    static final Set<String> MEMBERS = Set.of(
            "topic",
            "payload",
            "payloadBase64",
            "qos",
            "retain",
            "expirySeconds",
            "contentType",
            "responseTopic",
            "correlationDataBase64",
            "userProperties");
    private static final Logger LOG = LoggerFactory.getLogger(Publishing.class);

    private final LocalClient local;

    Publishing(LocalClient local) {
        this.local = local;
    }

    Answer publish(Request request) throws Problem, IOException, InterruptedException {
        Message message = message(request.members(MEMBERS));
        boolean matched =
                Request.await(Request.checked(() -> local.publish(message))).matched();
        LOG.info(
                "administrator: published {} bytes to {}",
                message.payload().remaining(),
                Printable.text(message.topic()));
        return Answer.json(Map.of("matched", matched));
    }

    private static Message message(Members said) throws Problem {
        String topic = said.text("topic", "");
        if (topic.isEmpty()) {
            throw Problem.badRequest("the member 'topic' is missing");
        }
        try {
            Message.Builder builder = Message.builder(topic)
                    .payload(payload(said))
                    .qos(QoS.of((int) said.number("qos", 0, 0, 2)))
                    .retain(said.flag("retain"))
                    .contentType(said.textOrNull("contentType"))
                    .responseTopic(said.textOrNull("responseTopic"))
                    .correlationData(said.base64("correlationDataBase64"));
            if (said.has("expirySeconds")) {
                builder.expirySeconds(said.number("expirySeconds", 0, 0, SECONDS_MAX));
            }
            said.texts("userProperties").forEach(builder::userProperty);
            return builder.build();
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest(String.valueOf(e.getMessage()));
        }
    }

    private static byte[] payload(Members said) throws Problem {
        byte[] bytes = said.base64("payloadBase64");
        if (bytes != null && said.has("payload")) {
            throw Problem.badRequest("there is a payload and a payloadBase64");
        }
        byte[] payload = bytes == null ? said.text("payload", "").getBytes(StandardCharsets.UTF_8) : bytes;
        if (payload.length > PAYLOAD_BYTES_MAX) {
            throw new Problem(413, "the payload has " + payload.length + " bytes, at most " + PAYLOAD_BYTES_MAX);
        }
        return payload;
    }
}
