package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Message;
import dev.dunlin.codec.QoS;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.concurrent.Flow;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.SkipException;
import org.testng.annotations.Test;

/** The rules of Reactive Streams, by their own compatibility kit, for {@link LocalClient#messages}. */
final class FlowRulesTest {
    private static final int DEFAULT_TIMEOUT_MS = 500;
    private static final int NO_SIGNALS_MS = 50;

    @TestFactory
    Stream<DynamicTest> holds() {
        return Arrays.stream(FlowPublisherVerification.class.getMethods())
                .filter(method -> method.isAnnotationPresent(Test.class))
                .sorted(Comparator.comparing(Method::getName))
                .map(method -> DynamicTest.dynamicTest(method.getName(), () -> run(method)));
    }

    private static void run(Method rule) throws Throwable {
        try (TestBroker broker = TestBroker.start()) {
            Verification verification = new Verification(broker);
            verification.setUp();
            rule.invoke(verification);
        } catch (InvocationTargetException e) {
            if (!(e.getCause() instanceof SkipException)) { // skipped: optional, or about a flow that ends by itself
                throw e.getCause();
            }
        }
    }

    private static final class Verification extends FlowPublisherVerification<Message> {
        private final TestBroker broker;

        Verification(TestBroker broker) {
            super(new TestEnvironment(DEFAULT_TIMEOUT_MS, NO_SIGNALS_MS));
            this.broker = broker;
        }

        /** For every subscriber that comes, a publisher of so many messages. */
        @Override
        public Flow.Publisher<Message> createFlowPublisher(long elements) {
            Flow.Publisher<Message> messages = broker.local().messages("t", QoS.AT_LEAST_ONCE);
            return subscriber -> {
                messages.subscribe(subscriber);
                for (long i = 0; i < Math.min(elements, 1_000); i++) {
                    broker.local().publish(Message.of("t", "" + i));
                }
            };
        }

        @Override
        public Flow.Publisher<Message> createFailedFlowPublisher() {
            return null; // a subscription doesn't fail
        }

        /** It ends with the broker only. */
        @Override
        public long maxElementsFromPublisher() {
            return publisherUnableToSignalOnComplete();
        }
    }

    @org.junit.jupiter.api.Test
    void hasRulesToTest() {
        assertThat(holds().count()).isGreaterThan(30);
    }
}
