package dev.dunlin.examples;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.Message;

/** A broker inside a program that publishes and subscribes itself. Enter ends it. */
public final class EmbedMinimal {
    private EmbedMinimal() {}

    public static void main(String[] args) throws Exception {
        try (Broker broker = Broker.builder().tcp(0).start()) {
            broker.local().subscribe("greetings/#", message -> System.out.println(message.payloadText()));
            broker.local().publish(Message.of("greetings/world", "hi"));
            System.out.println("clients connect to port " + broker.port("tcp"));
            System.in.read();
        }
    }
}
