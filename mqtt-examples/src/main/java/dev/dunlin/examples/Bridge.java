package dev.dunlin.examples;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerBuilder;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Interceptor;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.OnFailure;
import dev.dunlin.broker.spi.Verdict;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * Forwards what is published below {@code out/} to another side, here a second broker, and acknowledges it to its publisher only
 * when the other side has accepted it. If that refuses, or takes too long, the publisher's connection is closed without an
 * acknowledgement: it comes back, and sends the message again. So nothing that was acknowledged is lost; but the other side may
 * get a message twice, which it has accepted in the moment in which the publisher was lost. Enter ends it.
 */
public final class Bridge implements Interceptor {
    private static final String TOPICS = "out/";

    private final OtherSide otherSide;

    /** Where messages go: a client of another broker, a queue, a database. */
    public interface OtherSide {
        /** Takes a message, without blocking; the stage completes when it is safe there, and fails if it won't be. */
        CompletionStage<?> accept(Message message);
    }

    public Bridge(OtherSide otherSide) {
        this.otherSide = otherSide;
    }

    public static void main(String[] args) throws Exception {
        try (Broker other = Broker.builder().name("other").tcp(0).start();
                Broker broker = to(other.local()::publish, Duration.ofSeconds(10))
                        .tcp(0)
                        .start()) {
            System.out.println("clients connect to port " + broker.port("tcp"));
            System.out.println("clients connect to port " + other.port("tcp"));
            System.in.read();
        }
    }

    /** A broker with a bridge; a publish is given up when the other side hasn't accepted it in this time. */
    static BrokerBuilder to(OtherSide otherSide, Duration atMost) {
        return Broker.builder()
                .intercept(new Bridge(otherSide))
                .interceptorTimeout(atMost)
                .interceptorFailure(OnFailure.DISCONNECT); // who hasn't been acknowledged comes back
    }

    @Override
    public Verdict<Message> onPublish(ClientInfo from, Message message) {
        if (!message.topic().startsWith(TOPICS)) {
            return Verdict.pass();
        }
        return Verdict.later(otherSide.accept(message).handle((accepted, failure) -> verdict(message, failure)));
    }

    private static Verdict<Message> verdict(Message message, Throwable failure) {
        boolean given = failure == null || message.qos() == QoS.AT_MOST_ONCE; // nobody would send that again
        return given
                ? Verdict.pass()
                : Verdict.disconnect(ReasonCode.SERVER_BUSY, "the other side hasn't accepted the message");
    }
}
