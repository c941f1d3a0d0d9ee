package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A fault of ours, or of the machine, costs one delivery or one connection; never a loop with all of its sessions. */
final class FaultTest {

    @Test
    void aLoopSurvivesThatMemoryRunsOutInADelivery() {
        FailingAllocator allocator = new FailingAllocator();
        SeenEvents seen = new SeenEvents();
        try (TestBroker broker = TestBroker.start(
                builder -> builder.loops(1).allocator(allocator).observe(seen))) {
            WireClient subscriber = broker.client(MqttVersion.V5, "subscriber").subscribed("t", 0);
            allocator.failOnce.set(true);
            broker.local().publish(Message.of("t", "lost"));
            TestBroker.eventually("it has failed", () -> !allocator.failOnce.get());

            WireClient publisher = broker.client(MqttVersion.V5, "publisher");
            publisher.published("t", "the loop lives", 1);
            subscriber.expectPublish("t", "the loop lives", 0);
            assertThat(seen.await(BrokerEvent.Fault.class, "").what())
                    .isEqualTo("a delivery to session subscriber failed");
        }
    }

    /** Fails once, for a batch of the smallest size. */
    private static final class FailingAllocator extends AbstractByteBufAllocator {
        final AtomicBoolean failOnce = new AtomicBoolean();

        FailingAllocator() {
            super(true);
        }

        @Override
        protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
            return UnpooledByteBufAllocator.DEFAULT.heapBuffer(initialCapacity, maxCapacity);
        }

        @Override
        protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
            if (initialCapacity == 256 && failOnce.compareAndSet(true, false)) {
                throw new OutOfMemoryError("on purpose");
            }
            return UnpooledByteBufAllocator.DEFAULT.directBuffer(initialCapacity, maxCapacity);
        }

        @Override
        public boolean isDirectBufferPooled() {
            return false;
        }
    }
}
