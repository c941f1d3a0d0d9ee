package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Interceptor;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What interceptors have been asked about one will, and have answered, if they have. The home loop of its session only. */
final class WillQuestion {
    /** What is asked. */
    record Asking(ClientInfo client, Limits limits) implements InterceptorChain.Question<Message> {
        @Override
        public @Nullable Verdict<Message> ask(Interceptor interceptor, Message message) {
            return interceptor.onWill(client, message);
        }

        @Override
        public void check(Message by) {
            Router.checkReplacement(by, limits);
        }
    }

    private final PendingWill will;
    private final List<Runnable> waiting = new ArrayList<>(1);
    private @Nullable Decision<Message> answer;

    WillQuestion(PendingWill will) {
        this.will = will;
    }

    /** Whether it is about this will: a session may have got another one meanwhile. */
    @SuppressWarnings("ReferenceEquality") // the next will may say the same
    boolean isAbout(@Nullable PendingWill other) {
        return will == other;
    }

    /** What they have answered; null as long as they haven't. */
    @Nullable
    Decision<Message> answer() {
        return answer;
    }

    /** Runs a task when there is an answer; at once if there is one. */
    void await(Runnable task) {
        if (answer == null) {
            waiting.add(task);
        } else {
            task.run();
        }
    }

    void answered(Decision<Message> by) {
        answer = by;
        List<Runnable> ready = List.copyOf(waiting);
        waiting.clear();
        ready.forEach(SessionLoop::runGuarded);
    }
}
