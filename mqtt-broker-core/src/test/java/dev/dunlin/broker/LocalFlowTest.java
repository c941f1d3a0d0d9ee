package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.codec.QoS;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

/** Messages as a flow; for the rules of flows see {@link FlowRulesTest}. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LocalFlowTest {
    @AutoClose
    private final TestBroker broker = TestBroker.start(Limits.EMBEDDED.withLocalQueueMessagesMax(3));

    /** Notes all signals. */
    private static class Noting implements Flow.Subscriber<Message> {
        final List<String> signals = new CopyOnWriteArrayList<>();
        Flow.Subscription subscription;

        @Override
        public void onSubscribe(Flow.Subscription made) {
            subscription = made;
        }

        @Override
        public void onNext(Message message) {
            signals.add(message.payloadText());
        }

        @Override
        public void onError(Throwable failure) {
            signals.add(failure.getClass().getSimpleName());
        }

        @Override
        public void onComplete() {
            signals.add("complete");
        }
    }

    private void publish(String text) {
        broker.local().publish(Message.of("t", text)).toCompletableFuture().join();
    }

    @Test
    void holdsBackWhatIsNotRequestedAndDropsAboveItsBound() {
        Noting one = new Noting();
        Noting other = new Noting();
        Flow.Publisher<Message> messages = broker.local().messages("t", QoS.EXACTLY_ONCE);
        messages.subscribe(one);
        messages.subscribe(other);
        other.subscription.request(Long.MAX_VALUE);
        for (int i = 0; i < 5; i++) {
            publish("" + i);
            int n = i + 1;
            await().until(() -> other.signals.size() == n);
        }
        assertThat(one.signals).isEmpty();
        assertThat(broker.dropped(DropReason.LOCAL_QUEUE_FULL)).isEqualTo(2);
        one.subscription.request(2);
        await().until(() -> one.signals.size() == 2);
        one.subscription.request(1);
        await().until(() -> one.signals.size() == 3);
        assertThat(one.signals).containsExactly("0", "1", "2");
        assertThat(other.signals).containsExactly("0", "1", "2", "3", "4");
        one.subscription.request(Long.MAX_VALUE);
        one.subscription.request(Long.MAX_VALUE); // no overflow
        publish("5");
        await().until(() -> one.signals.size() == 4);
    }

    @Test
    void getsRetainedMessagesAtItsPace() {
        for (int i = 0; i < 300; i++) { // more than one step of the walk through topics looks at
            broker.local()
                    .publish(Message.builder("r/" + i + (i % 100 == 99 ? "/x" : ""))
                            .payload("" + i)
                            .retain(true)
                            .build())
                    .toCompletableFuture()
                    .join();
        }
        Noting one = new Noting();
        broker.local().messages("+/+/x", QoS.AT_LEAST_ONCE).subscribe(one);
        one.subscription.request(5);
        await().until(() -> one.signals.size() == 3);
        Noting all = new Noting();
        broker.local().messages("r/+", QoS.AT_LEAST_ONCE).subscribe(all);
        all.subscription.request(297);
        await().until(() -> all.signals.size() == 297);
        assertThat(broker.dropped(DropReason.LOCAL_QUEUE_FULL)).isZero();
    }

    @Test
    void completesWhenTheBrokerCloses() {
        Noting before = new Noting();
        Noting cancelled = new Noting();
        Noting after = new Noting();
        Flow.Publisher<Message> messages = broker.local().messages("t", QoS.EXACTLY_ONCE);
        messages.subscribe(before);
        messages.subscribe(cancelled);
        cancelled.subscription.cancel();
        cancelled.subscription.cancel();
        broker.broker().close();
        await().until(() -> before.signals.equals(List.of("complete")));
        messages.subscribe(after);
        before.subscription.request(1);
        assertThat(cancelled.signals).isEmpty();
        assertThat(after.signals).containsExactly("complete");
    }

    @Test
    void endsForASubscriberThatThrows() {
        Noting failing = new Noting() {
            @Override
            public void onNext(Message message) {
                super.onNext(message);
                throw new AssertionError("on purpose");
            }
        };
        broker.local().messages("t", QoS.EXACTLY_ONCE).subscribe(failing);
        failing.subscription.request(10);
        publish("1");
        await().until(() -> broker.dropped(DropReason.LOCAL_HANDLER_FAILED) == 1);
        await().until(() -> !broker.local()
                .publish(Message.of("t", "2"))
                .toCompletableFuture()
                .join()
                .matched());
        assertThat(failing.signals).containsExactly("1");
    }

    @Test
    void refusesFiltersThatItCannotServe() {
        for (String filter : List.of("", "a/#/b", "$share/g/t")) {
            assertThatThrownBy(() -> broker.local().messages(filter, QoS.AT_LEAST_ONCE))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    /** This code is compiled for JDK 17. */
    @Test
    @EnabledForJreRange(min = JRE.JAVA_21)
    void handlersMayBeVirtualThreads() throws ReflectiveOperationException {
        Executor virtual = (Executor)
                Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        try (TestBroker other = TestBroker.start(builder -> builder.handlerExecutor(virtual))) {
            List<String> groups = new CopyOnWriteArrayList<>();
            other.local()
                    .subscribe(
                            "t",
                            message -> groups.add(
                                    Thread.currentThread().getThreadGroup().getName()));
            other.local().publish(Message.of("t", "p")).toCompletableFuture().join();
            await().until(() -> groups.equals(List.of("VirtualThreads")));
        }
    }

    @Test
    void usersExecutorsAreUsedAndMayRefuse() {
        CompletableFuture<Boolean> refuses = new CompletableFuture<>();
        try (TestBroker other = TestBroker.start(builder -> builder.handlerExecutor(task -> {
            if (refuses.isDone()) {
                throw new IllegalStateException("on purpose");
            }
            new Thread(task, "mine").start();
        }))) {
            List<String> names = new CopyOnWriteArrayList<>();
            other.local()
                    .subscribe("t", message -> names.add(Thread.currentThread().getName()));
            other.local().publish(Message.of("t", "p")).toCompletableFuture().join();
            await().until(() -> names.equals(List.of("mine")));
            refuses.complete(true);
            other.local().publish(Message.of("t", "p")).toCompletableFuture().join();
            await().until(() -> other.dropped(DropReason.LOCAL_HANDLER_FAILED) == 1);
        }
    }
}
