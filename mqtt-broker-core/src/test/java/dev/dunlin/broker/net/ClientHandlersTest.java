package dev.dunlin.broker.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.MessageHandler;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which handler a filter has between SUBSCRIBE, UNSUBSCRIBE and their answers. */
final class ClientHandlersTest {
    private final MessageHandler others = MessageHandler.of(message -> {});
    private final MessageHandler first = MessageHandler.of(message -> {});
    private final MessageHandler second = MessageHandler.of(message -> {});
    private final MessageHandler third = MessageHandler.of(message -> {});
    private final ClientHandlers handlers = new ClientHandlers(others);

    private @Nullable MessageHandler inForce() {
        return handlers.of("t", new int[] {handlers.identifier("t")});
    }

    @Test
    void oneThatIsRefusedLeavesTheOneThatWasThere() {
        handlers.granted("t", handlers.put("t", first));
        long refused = handlers.put("t", second);
        assertThat(inForce()).isSameAs(second); // messages may come before SUBACK
        handlers.refused("t", refused);
        assertThat(inForce()).isSameAs(first);
    }

    @Test
    void theOnlyOneGoesWhenItIsRefused() {
        handlers.refused("t", handlers.put("t", first));
        assertThat(inForce()).isSameAs(others);
    }

    @Test
    void answersComeInOrderToManyOnTheirWay() {
        long one = handlers.put("t", first);
        long two = handlers.put("t", second);
        long three = handlers.put("t", third);
        handlers.granted("t", one);
        handlers.refused("t", two);
        assertThat(inForce()).isSameAs(third);
        handlers.refused("t", three);
        assertThat(inForce()).isSameAs(first);
    }

    @Test
    void anUnsubscribeEndsThoseOfBeforeAndNoneSince() {
        handlers.granted("t", handlers.put("t", first));
        long unsubscribe = handlers.lastNumber();
        long since = handlers.put("t", second);
        handlers.unsubscribed("t", unsubscribe);
        assertThat(inForce()).isSameAs(second);
        handlers.refused("t", since);
        assertThat(inForce()).isSameAs(others);
    }

    @Test
    void anUnsubscribeBehindARefusedOneEndsTheOneThatWasThere() {
        handlers.granted("t", handlers.put("t", first));
        long refused = handlers.put("t", second);
        long unsubscribe = handlers.lastNumber();
        handlers.refused("t", refused);
        handlers.unsubscribed("t", unsubscribe);
        assertThat(inForce()).isSameAs(others);
    }
}
