package dev.dunlin.examples;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.Message;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Answers requests of MQTT 5.0 clients, and asks one itself: on the response topic that a request names, with the correlation
 * data by which its sender knows the answer again. Enter ends it. With Mosquitto, whose port option is the one that is printed:
 *
 * <pre>{@code
 * mosquitto_rr -p 12345 -t upper -e answers/me -m "make me tall"
 * }</pre>
 */
public final class RequestResponse {
    private RequestResponse() {}

    public static void main(String[] args) throws Exception {
        try (Broker broker = Broker.builder().tcp(0).start()) {
            broker.local().respond("upper", RequestResponse::answer);
            System.out.println("clients connect to port " + broker.port("tcp"));
            broker.local()
                    .request(Message.of("upper", "hello"), Duration.ofSeconds(10))
                    .thenAccept(answer -> System.out.println("the answer is " + answer.payloadText()));
            System.in.read();
        }
    }

    /** The next request comes when this answer is on its way. */
    private static CompletionStage<Message> answer(Message request) {
        return CompletableFuture.completedFuture(request.answer()
                .payload(request.payloadText().toUpperCase(Locale.ROOT))
                .build());
    }
}
