package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.Interceptor;
import dev.dunlin.broker.spi.OnFailure;
import dev.dunlin.broker.spi.Printable;
import dev.dunlin.broker.spi.Verdict;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The interceptors that have one hook, asked one after the other. Each sees what the one before has made of it; the first that
 * refuses ends it. It is user code that answers: what it throws, late, wrong or no answers are failures. Immutable; each question
 * belongs to the loop that asks it.
 */
public final class InterceptorChain<T> {
    private static final Logger LOG = LoggerFactory.getLogger(InterceptorChain.class);
    private static final int FAILURES_PER_LINE = 1_000;

    /** Asks one of them. */
    interface Question<T> {
        /** Calls the hook; it may throw anything, and answer null. */
        @Nullable
        Verdict<T> ask(Interceptor interceptor, T value);

        /** Throws an IllegalArgumentException for what can't take the place of what is asked about here, valid as it is. */
        default void check(T by) {}
    }

    private final String hook;
    private final List<Interceptor> interceptors;
    private final long timeoutMs;
    private final OnFailure onFailure;
    private final Consumer<T> check;
    private final AtomicInteger failures = new AtomicInteger();

    /**
     * A chain.
     *
     * @param hook its name, for log lines
     * @param timeoutMs how long each may take, in milliseconds
     * @param check throws an IllegalArgumentException for what can't take the place of something
     */
    InterceptorChain(
            String hook, List<Interceptor> interceptors, long timeoutMs, OnFailure onFailure, Consumer<T> check) {
        this.hook = hook;
        this.interceptors = interceptors;
        this.timeoutMs = timeoutMs;
        this.onFailure = onFailure;
        this.check = check;
    }

    /**
     * Asks all of them. The loop only.
     *
     * @param then takes what becomes of it, once, on this loop: before this returns, or later
     * @return the question, which may be given up
     */
    Asked ask(SessionLoop loop, String clientId, T value, Question<T> question, Consumer<Decision<T>> then) {
        assert loop.inLoop();
        Asked asked = new Asked(loop, clientId, question, then);
        asked.goOn(value);
        return asked;
    }

    /** Asks all of them for an answer at once: one that comes later is a failure. Any loop. */
    Decision<T> askNow(String clientId, T value, Question<T> question) {
        T now = value;
        boolean replaced = false;
        for (Interceptor each : interceptors) {
            Decision<T> decision;
            try {
                decision = decide(now, question.ask(each, now), question);
            } catch (Throwable e) { // user code
                decision = failed(clientId, now, e);
            }
            if (!decision.goesOn()) {
                return decision;
            }
            now = decision.value();
            replaced |= decision.isReplaced();
        }
        return Decision.goesOn(now, replaced);
    }

    /** @throws IllegalArgumentException if the answer is none, or not one for now */
    private Decision<T> decide(T value, @Nullable Verdict<T> verdict, Question<T> question) {
        if (verdict instanceof Verdict.Pass<T>) {
            return Decision.goesOn(value, false);
        } else if (verdict instanceof Verdict.Replace<T> replace) {
            check.accept(replace.by());
            question.check(replace.by());
            return Decision.goesOn(replace.by(), true);
        } else if (verdict instanceof Verdict.Reject<T> reject) {
            return Decision.rejected(value, reject);
        } else if (verdict instanceof Verdict.Disconnect<T> disconnect) {
            return Decision.disconnected(value, disconnect);
        }
        throw new IllegalArgumentException(verdict == null ? "it answered null" : "it can't answer later here");
    }

    private Decision<T> failed(String clientId, T value, Throwable cause) {
        if (failures.getAndIncrement() % FAILURES_PER_LINE == 0) {
            LOG.warn("client {}: an interceptor failed in {}: {}", Printable.text(clientId), hook, cause.toString());
        }
        return switch (onFailure) {
            case PASS -> Decision.goesOn(value, false);
            case REJECT -> Decision.failed(value, Decision.Kind.FAILED);
            case DISCONNECT -> Decision.failed(value, Decision.Kind.DISCONNECTED);
        };
    }

    /** One question on its way through the chain. Its loop only. */
    final class Asked {
        private final SessionLoop loop;
        private final String clientId;
        private final Question<T> question;
        private final Consumer<Decision<T>> then;

        /** What it has become so far, while an answer is awaited; else null, so that it isn't kept longer than by who asks. */
        private @Nullable T awaited;

        private boolean replaced;
        private int next;

        /** Counts the answers that have been taken: another one to the same question is too late. */
        private int answers;

        /** Whether a stage is being asked to tell when it is complete. Read on the loop only. */
        private boolean registering;

        /** The answer of one that was complete already. */
        private @Nullable Runnable early;

        private SessionLoop.@Nullable Timer patience;

        private Asked(SessionLoop loop, String clientId, Question<T> question, Consumer<Decision<T>> then) {
            this.loop = loop;
            this.clientId = clientId;
            this.question = question;
            this.then = then;
        }

        /** Nobody wants to know any more: an answer that still comes changes nothing, and nothing is kept for it. */
        void giveUp() {
            assert loop.inLoop();
            close();
        }

        private void goOn(T from) {
            T value = from;
            while (next < interceptors.size()) {
                Interceptor each = interceptors.get(next++);
                Decision<T> decision;
                try {
                    Verdict<T> verdict = question.ask(each, value);
                    if (verdict instanceof Verdict.Later<T> later) {
                        awaited = value;
                        await(later.stage());
                        return;
                    }
                    decision = decide(value, verdict, question);
                } catch (Throwable e) { // user code
                    decision = failed(clientId, value, e);
                }
                if (!decision.goesOn()) {
                    then.accept(decision);
                    return;
                }
                value = decision.value();
                replaced |= decision.isReplaced();
            }
            then.accept(Decision.goesOn(value, replaced));
        }

        private void await(CompletionStage<Verdict<T>> stage) {
            int number = answers;
            registering = true;
            try {
                stage.whenComplete((verdict, failure) -> answered(number, verdict, failure));
            } catch (Throwable e) { // the stage may be of the user's own making
                answered(number, null, e);
            } finally {
                registering = false;
            }
            Runnable first = early;
            early = null;
            if (first != null) {
                first.run();
            } else {
                patience = loop.schedule(
                        timeoutMs,
                        () -> takeLate(number, null, new TimeoutException("no answer within " + timeoutMs + " ms")));
            }
        }

        private void answered(int number, @Nullable Verdict<T> verdict, @Nullable Throwable failure) {
            Runnable answer = () -> takeLate(number, verdict, failure);
            if (!loop.inLoop() || !registering) {
                loop.execute(answer); // on this loop, too: not inside of what else it is doing
            } else if (early == null) { // not inside of the stage, which would swallow a fault of ours
                early = answer;
            }
        }

        private void takeLate(int number, @Nullable Verdict<T> verdict, @Nullable Throwable failure) {
            if (number != answers) {
                return; // answered twice, or too late
            }
            T value = Objects.requireNonNull(awaited, "nothing is awaited");
            close();
            Decision<T> decision;
            try {
                decision =
                        failure == null ? decide(value, verdict, question) : failed(clientId, value, causeOf(failure));
            } catch (Throwable e) { // what it has put in the place of it is no such thing
                decision = failed(clientId, value, e);
            }
            if (decision.goesOn()) {
                replaced |= decision.isReplaced();
                goOn(decision.value());
            } else {
                then.accept(decision);
            }
        }

        /** Takes no other answer to the present question. */
        private void close() {
            answers++;
            awaited = null;
            if (patience != null) {
                patience.cancel();
                patience = null;
            }
        }

        private static Throwable causeOf(Throwable failure) {
            Throwable cause = failure.getCause();
            return failure instanceof CompletionException && cause != null ? cause : failure;
        }
    }
}
