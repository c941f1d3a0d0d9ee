package dev.dunlin.broker;

import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.session.Audience;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.Inspector;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.session.TraceLines;
import dev.dunlin.broker.session.Tracing;
import dev.dunlin.broker.spi.GroupState;
import dev.dunlin.broker.spi.InflightMessage;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.Page;
import dev.dunlin.broker.spi.Printable;
import dev.dunlin.broker.spi.QueuedMessage;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.spi.RetainedState;
import dev.dunlin.broker.spi.SessionState;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.SubscriberState;
import dev.dunlin.broker.spi.SubscriptionState;
import dev.dunlin.broker.spi.TraceOptions;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an administrator asks of a running broker, and does with it; see docs/inspection.md. Any thread; nothing here blocks.
 *
 * <p>Every stage completes on a thread of the broker that is not an event loop, as handlers of the local client run on, or one
 * of its own if {@link BrokerBuilder#handlerExecutor} refuses; with {@link RejectedException} (0x8B, server shutting down) if
 * the broker closes before, or 0x97 (quota exceeded) if that executor doesn't take the question. Lists come in {@linkplain Page pages} of
 * at most {@value #PAGE_MAX}; an event loop works on a bounded part of one at a time. Topics and filters are whole: with the
 * mount point of their listener.
 *
 * <p>Each change is logged, in one line.
 */
public final class Administration {
    /** The most that may be asked for in one page. */
    public static final int PAGE_MAX = 1_000;

    private static final int SESSIONS_PER_TURN = 32;

    /** Retained messages that are being removed at a time, a small part of what the local client may have under way. */
    private static final int REMOVALS_MAX = 32;

    private static final String ENDED = "the session was ended by an administrator";
    private static final Logger LOG = LoggerFactory.getLogger(Administration.class);

    private final Broker broker;
    private final Core core;
    private final Inspector inspector;
    private final Audience audience;
    private final Questions questions;
    private final Tracing tracing;

    Administration(Broker broker, Core core, Executor handlers) {
        this.broker = broker;
        this.core = core;
        inspector = new Inspector(core);
        audience = new Audience(core);
        questions = new Questions(handlers);
        tracing = new Tracing(core, handlers);
    }

    // ---- sessions

    /**
     * The sessions of the whole broker, connected or not, in the order of their client identifiers. Each page looks at the
     * identifiers of all sessions, on the answering thread: of a million in some tenths of a second.
     *
     * @param afterClientId those behind this one, or {@link Page#next}; empty to begin
     * @param max 1 to {@value #PAGE_MAX}
     */
    public CompletionStage<Page<SessionState>> sessions(String afterClientId, int max) {
        requirePage(max);
        return questions.answer(() -> page(inspector.clientIds(afterClientId, max + 1), max));
    }

    /**
     * The sessions whose clients take nothing of what waits for them ({@link SessionState#slow}), in the order of their client
     * identifiers. Each page asks each event loop once for all of them.
     *
     * @param afterClientId those behind this one, or {@link Page#next}; empty to begin
     * @param max 1 to {@value #PAGE_MAX}
     */
    public CompletionStage<Page<SessionState>> slowSessions(String afterClientId, int max) {
        requirePage(max);
        return questions.answer(() -> {
            List<Set<String>> slow = new ArrayList<>();
            CompletableFuture<Void> asked = CompletableFuture.completedFuture(null);
            for (int i = 0; i < core.loopCount(); i++) {
                SessionLoop loop = core.loop(i);
                asked = asked.thenCombine(Questions.ask(loop, () -> inspector.slowClientIds(loop)), (none, ids) -> {
                    slow.add(ids);
                    return null;
                });
            }
            return asked.thenCompose(done -> page(Inspector.first(afterClientId, max + 1, slow), max));
        });
    }

    /** How the first of these sessions are; the one behind tells that there are more. */
    private CompletableFuture<Page<SessionState>> page(List<String> clientIds, int max) {
        List<String> asked = clientIds.subList(0, Math.min(max, clientIds.size()));
        return states(asked)
                .thenApply(states -> new Page<>(states, clientIds.size() > max ? asked.get(max - 1) : null));
    }

    private CompletableFuture<List<SessionState>> states(List<String> clientIds) {
        Map<SessionLoop, List<String>> byLoop = new LinkedHashMap<>();
        clientIds.forEach(id ->
                byLoop.computeIfAbsent(core.home(id), loop -> new ArrayList<>()).add(id));
        Map<String, SessionState> found = new ConcurrentHashMap<>();
        CompletableFuture<?>[] asked = byLoop.entrySet().stream()
                .map(each -> states(each.getKey(), each.getValue(), 0, found))
                .toArray(CompletableFuture<?>[]::new);
        return CompletableFuture.allOf(asked)
                .thenApply(done -> clientIds.stream()
                        .filter(found::containsKey)
                        .map(found::get)
                        .toList());
    }

    /** Some at a time, and what else a loop has to do in between. */
    private CompletableFuture<Void> states(
            SessionLoop loop, List<String> clientIds, int from, Map<String, SessionState> found) {
        int to = Math.min(clientIds.size(), from + SESSIONS_PER_TURN);
        return Questions.ask(loop, () -> {
                    inspector
                            .states(loop, clientIds.subList(from, to))
                            .forEach(state -> found.put(state.clientId(), state));
                    return to;
                })
                .thenCompose(done -> to == clientIds.size()
                        ? CompletableFuture.completedFuture(null)
                        : states(loop, clientIds, to, found));
    }

    /** How the session of a client is; empty if there is none. */
    public CompletionStage<Optional<SessionState>> session(String clientId) {
        return questions.answer(() ->
                states(List.of(clientId)).thenApply(states -> states.stream().findFirst()));
    }

    /**
     * The subscriptions of a session, in the order of their filters; none if there is no session.
     *
     * @param afterFilter those behind this one, or {@link Page#next}; empty to begin
     * @param max 1 to {@value #PAGE_MAX}
     */
    public CompletionStage<Page<SubscriptionState>> subscriptions(String clientId, String afterFilter, int max) {
        requirePage(max);
        return page(clientId, loop -> inspector.subscriptions(loop, clientId, afterFilter, max));
    }

    /**
     * What waits for a session, in the order in which it will be sent; nothing if there is no session. Messages of shared groups
     * wait elsewhere. What is only in the store is read there, off the event loops.
     *
     * @param after {@link Page#next}; empty to begin
     * @param max 1 to {@value #PAGE_MAX}
     * @return fails with {@link StoreException} if the store can't be read
     * @throws IllegalArgumentException if no page can go on there
     */
    public CompletionStage<Page<QueuedMessage>> queue(String clientId, String after, int max) {
        requirePage(max);
        Inspector.requirePlace(after);
        SessionLoop home = core.home(clientId);
        return questions.answer(() -> Questions.ask(home, () -> {
                    CompletableFuture<Page<QueuedMessage>> page = inspector.queue(home, clientId, after, max);
                    return page == null
                            ? CompletableFuture.completedFuture(Administration.<QueuedMessage>nothing())
                            : page;
                })
                .thenCompose(Function.identity()));
    }

    /**
     * The exchanges of QoS 1 and 2 that aren't complete: of what a session is sent, oldest first, then of what its client
     * publishes. Of a session that was in the store at the start nothing is known before its client has come back.
     *
     * @param after {@link Page#next}; empty to begin
     * @param max 1 to {@value #PAGE_MAX}
     * @throws IllegalArgumentException if no page can go on there
     */
    public CompletionStage<Page<InflightMessage>> inflight(String clientId, String after, int max) {
        requirePage(max);
        Inspector.requirePlace(after);
        return page(clientId, loop -> inspector.inflight(loop, clientId, after, max));
    }

    private <T> CompletionStage<Page<T>> page(String clientId, Function<SessionLoop, @Nullable Page<T>> question) {
        SessionLoop home = core.home(clientId);
        return questions.answer(() -> Questions.ask(home, () -> {
            Page<T> page = question.apply(home);
            return page == null ? nothing() : page;
        }));
    }

    private static <T> Page<T> nothing() {
        return new Page<>(List.of(), null);
    }

    // ---- topics

    /**
     * Who would be given a publish to a topic: sessions, then shared groups, then subscriptions within the process.
     *
     * @param after {@link Page#next}; empty to begin
     * @param max 1 to {@value #PAGE_MAX}
     * @throws IllegalArgumentException if that is no topic name
     */
    public CompletionStage<Page<SubscriberState>> subscribers(String topic, String after, int max) {
        requirePage(max);
        if (!Topics.isValidTopic(topic)) {
            throw new IllegalArgumentException("not a topic name: \"" + topic + "\"");
        }
        return questions.answer(() -> CompletableFuture.completedFuture(audience.subscribers(topic, after, max)));
    }

    /**
     * The shared groups, in the order of their shared filters.
     *
     * @param afterShareFilter those behind this one, or {@link Page#next}; empty to begin
     * @param max 1 to {@value #PAGE_MAX}
     */
    public CompletionStage<Page<GroupState>> sharedGroups(String afterShareFilter, int max) {
        requirePage(max);
        return questions.answer(() -> {
            List<String> names = audience.groups(afterShareFilter, max + 1);
            String next = names.size() > max ? names.get(max - 1) : null;
            return groups(names.subList(0, Math.min(max, names.size())), new ArrayList<>())
                    .thenApply(groups -> new Page<>(groups, next));
        });
    }

    /** One after the other: each may have a thousand members. */
    private CompletableFuture<List<GroupState>> groups(List<String> names, List<GroupState> found) {
        if (names.isEmpty()) {
            return CompletableFuture.completedFuture(found);
        }
        String name = names.get(0);
        return Questions.ask(audience.home(name), () -> audience.group(name).toList())
                .thenCompose(group -> {
                    found.addAll(group);
                    return groups(names.subList(1, names.size()), found);
                });
    }

    /**
     * Retained messages, in the order of their topics, level by level. Those below $SYS only if the filter begins so.
     *
     * @param filter a topic filter
     * @param afterTopic those behind this one, or {@link Page#next}; empty to begin
     * @param max 1 to {@value #PAGE_MAX}
     * @param payloadBytesMax so many bytes of each payload, 0 to 65,536
     * @throws IllegalArgumentException if that is no topic filter, or a number out of range
     */
    public CompletionStage<Page<RetainedState>> retained(
            String filter, String afterTopic, int max, int payloadBytesMax) {
        requirePage(max);
        requireFilter(filter);
        if (payloadBytesMax < 0 || payloadBytesMax > 65_536) {
            throw new IllegalArgumentException("payloadBytesMax is " + payloadBytesMax + ", not between 0 and 65536");
        }
        return questions.answer(
                () -> CompletableFuture.completedFuture(audience.retained(filter, afterTopic, max, payloadBytesMax)));
    }

    // ---- changes

    /** As {@link Broker#disconnect}. */
    public void disconnect(String clientId, ReasonCode reason, String text) {
        broker.disconnect(clientId, reason, text);
        LOG.info("administrator: disconnects client {}: {}", Printable.text(clientId), reason);
    }

    /** As {@link Broker#redirect}. */
    public void redirect(String clientId, ReasonCode reason, String serverReference) {
        broker.redirect(clientId, reason, serverReference);
        LOG.info("administrator: redirects client {}: {}", Printable.text(clientId), reason);
    }

    /**
     * Drops what waits for a session ({@link dev.dunlin.broker.spi.DropReason#PURGED}), in the store too. What was sent already
     * and isn't acknowledged stays, and what comes meanwhile; so does what waits for a shared group.
     *
     * @return how many messages were dropped, when that is as durable as what the broker acknowledges; fails with {@link
     *     StoreException} if the store can't be read, and may have dropped some by then. Of a session that was in the store at the
     *     start, and whose client hasn't come back, it waits until the store can be read
     */
    public CompletionStage<Long> purgeQueue(String clientId) {
        SessionLoop home = core.home(clientId);
        return questions
                .answer(() -> Questions.ask(home, () -> {
                            CompletableFuture<Long> purge = inspector.purge(home, clientId);
                            return durably(home, purge == null ? CompletableFuture.completedFuture(0L) : purge);
                        })
                        .thenCompose(Function.identity()))
                .thenApply(dropped -> {
                    LOG.info("administrator: dropped {} messages of client {}", dropped, Printable.text(clientId));
                    return dropped;
                });
    }

    /**
     * Ends a session: its client, if it is connected, is disconnected with 0x98 (administrative action); its will is published at
     * once [5.0:MQTT-3.1.2-8]; subscriptions and messages are gone.
     *
     * @return whether there was one, when its end is as durable as what the broker acknowledges
     */
    public CompletionStage<Boolean> endSession(String clientId) {
        SessionLoop home = core.home(clientId);
        return questions
                .answer(() -> Questions.ask(
                                home,
                                () -> durably(
                                        home,
                                        CompletableFuture.completedFuture(
                                                home.sessions().endNow(clientId, ENDED))))
                        .thenCompose(Function.identity()))
                .thenApply(ended -> {
                    LOG.info(
                            "administrator: {} client {}",
                            ended ? "ended the session of" : "no session of",
                            Printable.text(clientId));
                    return ended;
                });
    }

    private <T> CompletableFuture<T> durably(SessionLoop loop, CompletableFuture<T> change) {
        return change.thenCompose(value -> {
            CompletableFuture<T> durable = new CompletableFuture<>();
            inspector.whenDurable(loop, () -> durable.complete(value));
            return durable;
        });
    }

    /**
     * Removes the retained messages that match, as a client does: by publishing an empty one to each topic, with RETAIN 1 and QoS
     * 1, which goes to its subscribers too. Those that come meanwhile may be removed or not.
     *
     * @param filter a topic filter; not below $SYS, where the broker's own are
     * @return how many, when their removal is as durable as what the broker acknowledges; fails with {@link RejectedException} if
     *     it is refused, as when the store can't be written, and has removed some by then
     * @throws IllegalArgumentException if that is no topic filter, or one below $SYS
     */
    public CompletionStage<Long> removeRetained(String filter) {
        requireFilter(filter);
        if (filter.startsWith("$SYS/")) {
            throw new IllegalArgumentException("what is retained below $SYS is the broker's own: \"" + filter + "\"");
        }
        return questions.answer(() -> remove(filter, "", 0)).thenApply(removed -> {
            LOG.info("administrator: removed {} retained messages like {}", removed, Printable.text(filter));
            return removed;
        });
    }

    private CompletionStage<Long> remove(String filter, String after, long before) {
        Page<RetainedState> page = audience.retained(filter, after, REMOVALS_MAX, 0);
        CompletableFuture<?>[] removals = page.items().stream()
                .map(each -> remove(each.topic()).toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new);
        long removed = before + removals.length;
        String next = page.next();
        return CompletableFuture.allOf(removals)
                .thenCompose(done ->
                        next == null ? CompletableFuture.completedFuture(removed) : remove(filter, next, removed));
    }

    private CompletionStage<Published> remove(String topic) {
        return broker.local()
                .publish(Message.builder(topic)
                        .qos(QoS.AT_LEAST_ONCE)
                        .retain(true)
                        .build());
    }

    // ---- traces

    /**
     * Shows packets, line by line, as they come and go. It begins with the next packet, be it a CONNECT, and goes on over
     * reconnects; passwords are never shown. What a trace costs is the time to write its lines, on the event loops. One of all
     * clients, as that of a topic filter mostly is, also decodes all that any client is sent, shown or not.
     *
     * @param lines gets each line, without a line break; one call at a time, on a thread for handlers; it may block. If it throws
     *     the trace ends, and so it does if their executor refuses the lines
     * @return completes when the trace has begun; fails with {@link RejectedException} (0x97) if 16 traces are on
     * @throws IllegalArgumentException if the topic filter isn't one
     */
    public CompletionStage<Trace> trace(TraceOptions options, Consumer<? super String> lines) {
        return trace(options, TraceTakers.of(lines));
    }

    /** As {@link #trace(TraceOptions, Consumer)}, and ends each line with LF. Flushed if it can be; not closed. */
    public CompletionStage<Trace> trace(TraceOptions options, Appendable text) {
        return trace(options, TraceTakers.of(text));
    }

    /**
     * As {@link #trace(TraceOptions, Consumer)}, into a file, in UTF-8. One that is there is overwritten, unless the trace is
     * refused.
     *
     * @return fails with {@link IOException} too, if the file can't be opened
     */
    public CompletionStage<Trace> trace(TraceOptions options, Path file) {
        requireTopics(options);
        return begun(options, questions.answer(() -> tracing.begin(options, () -> TraceTakers.of(file))));
    }

    private CompletionStage<Trace> trace(TraceOptions options, TraceLines.Taker taker) {
        requireTopics(options);
        return begun(options, questions.answer(() -> tracing.begin(options, () -> taker)));
    }

    private static CompletionStage<Trace> begun(TraceOptions options, CompletionStage<TraceLines> trace) {
        return trace.thenApply(lines -> {
            LOG.info("administrator: a trace begins: {}", Printable.text(options.toString()));
            return new Trace(options, lines);
        });
    }

    private static void requireTopics(TraceOptions options) {
        if (!options.topicFilter().isEmpty()) {
            requireFilter(options.topicFilter());
        }
    }

    // ---- bounds, and the end

    private static void requirePage(int max) {
        if (max < 1 || max > PAGE_MAX) {
            throw new IllegalArgumentException("max is " + max + ", not between 1 and " + PAGE_MAX);
        }
    }

    private static void requireFilter(String filter) {
        if (!Topics.isValidFilter(filter) || Topics.isShared(filter)) {
            throw new IllegalArgumentException("not a topic filter: \"" + filter + "\"");
        }
    }

    /** Ends the traces, before those who take their lines end. */
    void endTraces() {
        tracing.close();
    }

    /** Rejects what is still to be answered and all that comes: the loops have ended. */
    void close() {
        questions.close();
    }
}
