package dev.dunlin.examples;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.LocalClient;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.codec.QoS;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Answers requests of MQTT 5.0 clients: on the response topic that a request names, with the correlation data by which its
 * sender knows it again. Enter ends it. With Mosquitto, whose port option is the one that is printed:
 *
 * <pre>{@code
 * mosquitto_rr -p 12345 -t upper -e answers/me -m "make me tall"
 * }</pre>
 */
public final class RequestResponse {
    private RequestResponse() {}

    public static void main(String[] args) throws Exception {
        try (Broker broker = Broker.builder().tcp(0).start()) {
            LocalClient local = broker.local();
            local.subscribe("upper", QoS.EXACTLY_ONCE, request -> answer(request, local));
            System.out.println("clients connect to port " + broker.port("tcp"));
            System.in.read();
        }
    }

    /** The next request comes when this answer is on its way. */
    private static CompletionStage<?> answer(Message request, LocalClient local) {
        String answersTo = request.responseTopic();
        if (answersTo == null) {
            return CompletableFuture.completedFuture(null); // nobody asked
        }
        return local.publish(Message.builder(answersTo)
                .payload(request.payloadText().toUpperCase(Locale.ROOT))
                .qos(request.qos())
                .correlationData(request.correlationData())
                .build());
    }
}
