package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.events.Flight;
import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.Targets;
import dev.dunlin.broker.spi.Authorizer;
import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.store.SessionChanges;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.store.StoredSession;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.WillMessage;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions whose home is one loop, and their life: open, take over, lose the connection, will, expiry, end. All
 * connections with one client id meet here, so that a takeover is sequential code. Loop only.
 */
public final class Sessions {
    private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);
    private static final String TOO_MANY = "there are too many sessions";
    private static final String NO_MEMORY = "the broker has no memory left for another client";
    private static final String TAKEN_OVER = "another client connected with this identifier";

    private final Core core;
    private final SessionLoop loop;

    /** Changed by the loop alone; {@link #clientIds} is for any thread. */
    private final Map<String, Session> byClientId = new ConcurrentHashMap<>();

    private final Set<LocalConsumer> localConsumers = new HashSet<>();

    /** Connections that wait until they may be opened, by client. */
    private final Map<String, Link> waiting = new HashMap<>();

    private final UnansweredPublishes unanswered;

    private boolean closing;
    private boolean takingOver;

    /** The session that an administrator ends, while that is being done: its end is told as that. */
    private @Nullable Session endedNow;

    private boolean willsMayWait = true;

    Sessions(Core core, SessionLoop loop) {
        this.core = core;
        this.loop = loop;
        unanswered = new UnansweredPublishes(core);
    }

    /** How many sessions there are, connected or not. */
    public int size() {
        return byClientId.size();
    }

    /** The session of a client, or null. */
    public @Nullable Session of(String clientId) {
        Session session = byClientId.get(clientId);
        return session == null || session.ended ? null : session;
    }

    /**
     * Whether a connection has to wait: it brings about the will of the one before, and that needs room in a mailbox, and to be
     * allowed. One of the same client that came earlier, and waits, is ended.
     *
     * @param again runs on this loop when it is worth another try
     */
    public boolean waitsForRoom(Opening opening, Runnable again) {
        assert loop.inLoop();
        String clientId = opening.clientId();
        Link earlier = waiting.remove(clientId);
        if (earlier != null) {
            earlier.disconnect(ReasonCode.SESSION_TAKEN_OVER, TAKEN_OVER);
        }
        Session before = willIsBroughtAbout(opening);
        if (before == null) {
            return false;
        }
        Runnable ready = () -> {
            waiting.remove(clientId, opening.link());
            again.run();
        };
        SessionLoop crowded = core.crowdedLoop();
        if (before.willRights().isUnknown()) {
            waiting.put(clientId, opening.link());
            awaitRights(before, ready);
        } else if (isToBeAsked(before)) {
            waiting.put(clientId, opening.link());
            awaitAnswer(before, ready);
        } else if (crowded != null) {
            waiting.put(clientId, opening.link());
            crowded.awaitRoom(loop, ready);
        } else {
            return false;
        }
        return true;
    }

    /**
     * Opens the session of a client: takes it over from another connection, discards it, resumes it or makes it. Answers
     * when it is loaded, on this loop; without a store, or if it is in memory, that is at once. A will that this brings
     * about is published before.
     *
     * @return why it is refused at present, in words: then nothing has happened; null if it isn't
     */
    public @Nullable String open(Opening opening, Consumer<OpenSession> opened) {
        assert loop.inLoop();
        String clientId = opening.clientId();
        Session former = byClientId.get(clientId);
        if (isRefusedByStore(former, opening)) {
            return SubscriptionRequests.STORE_REFUSES;
        }
        if ((former == null || former.ended)
                && core.memory().isOver()) { // who has a session may take what waits for it
            tellLimit(clientId, "memoryBudgetBytes", NO_MEMORY);
            return NO_MEMORY;
        }
        boolean another = former == null;
        if (another && core.sessions.incrementAndGet() > core.limits().sessionsMax()) {
            core.sessions.decrementAndGet();
            tellLimit(clientId, "sessionsMax", TOO_MANY);
            return TOO_MANY;
        }
        boolean discarded = former != null && former.log.isOn();
        if (former != null) {
            makeWay(former, opening);
        }
        Session session = byClientId.get(clientId); // it ended if it was not to outlive its connection
        discarded &= session == null;
        boolean present = session != null; // [5.0:MQTT-3.1.2-5], [5.0:MQTT-3.1.2-6], [3.1.1:MQTT-3.1.2-4]
        if (session == null) {
            if (!another) { // the former one has just gone: this one has its place
                core.sessions.incrementAndGet();
            }
            session = make(opening);
        }
        cancelTimers(session); // [5.0:MQTT-3.1.3-9]: back in time, its delayed will is not published
        session.link = opening.link();
        session.rights = opening.rights();
        session.willRights = null;
        session.will = PendingWill.of(opening);
        session.expirySeconds = expirySeconds(opening);
        if (present) {
            session.log.connected();
        } else if (discarded && !session.log.isOn()) {
            session.log.waitFor(loop.submitStaged()); // that the former session is gone
        }
        Session ready = session;
        whenLoaded(ready, () -> opened.accept(new OpenSession(core, ready, opening, present)));
        return null;
    }

    /**
     * Ends the connection that a session has, and the session if another one is to take its place. A will that is due is
     * published before the next connection begins, little space or not: nobody who is back is reported as gone, and the
     * record has room for one will. Only if the store can't be written that of a session without a record waits alone.
     */
    private void makeWay(Session session, Opening opening) {
        willsMayWait = !session.log.isOn() && core.store != null && core.store.isStalled();
        try {
            Link before = session.link;
            if (before != null) { // [5.0:MQTT-3.1.4-3], [3.1.1:MQTT-3.1.4-2]
                takingOver = true;
                takenOver(opening);
                before.disconnect(ReasonCode.SESSION_TAKEN_OVER, TAKEN_OVER);
                connectionClosed(session, before, true); // which one that is being opened hasn't said
            } else if (isWillDue(session)) {
                publishWill(session);
            }
            takingOver = false;
            if (!session.ended && opening.connect().cleanStart()) { // [5.0:MQTT-3.1.2-4], [3.1.1:MQTT-3.1.2-6]
                end(session, DropReason.SESSION_ENDED);
                tellEnded(session, "its client begins anew");
            }
        } finally {
            takingOver = false;
            willsMayWait = true;
        }
        if (session.ended) {
            forget(session);
        }
    }

    private void takenOver(Opening opening) {
        SocketAddress from = opening.client().remoteAddress();
        Flight.takenOver(opening.clientId(), from);
        Events events = core.events();
        if (events != null) {
            events.tell(new BrokerEvent.TakenOver(events.now(), opening.clientId(), from));
        }
    }

    private void tellEnded(Session session, String why) {
        Events events = core.events();
        if (events != null) {
            String text = session == endedNow ? "ended by an administrator" : why;
            events.tell(new BrokerEvent.SessionEnded(events.now(), session.clientId, text));
        }
    }

    private void tellExpired(Session session) {
        loop.traffic().sessionExpired();
        Events events = core.events();
        if (events != null) {
            events.tell(new BrokerEvent.SessionExpired(events.now(), session.clientId, session.expirySeconds));
        }
    }

    private void tellLimit(String clientId, String limit, String text) {
        Events events = core.events();
        if (events != null) {
            events.limit(clientId, limit, text);
        }
    }

    private void tellFault(Session session, String what, @Nullable Object cause) {
        Events.tellFault(core.events(), session.clientId, what, cause);
    }

    /** The session whose will is to be published before this connection can begin; null if there is none. */
    private @Nullable Session willIsBroughtAbout(Opening opening) {
        Session session = byClientId.get(opening.clientId());
        if (session == null || session.will == null) {
            return null;
        }
        boolean ends =
                session.ended || session.expirySeconds == 0 || opening.connect().cleanStart();
        boolean due = ends || (session.link == null ? isWillDue(session) : session.will.delaySeconds() == 0);
        return due ? session : null;
    }

    private long expirySeconds(Opening opening) {
        return opening.expirySeconds();
    }

    /** What can't be stored is refused before anything is taken over. */
    private boolean isRefusedByStore(@Nullable Session present, Opening opening) {
        Store store = core.store;
        if (store == null || !store.refusesGrowth()) {
            return false;
        }
        boolean another = present == null || present.ended || opening.connect().cleanStart();
        boolean makesOne = another && expirySeconds(opening) > 0;
        boolean touchesOne = present != null && present.isPersistent();
        return makesOne || (touchesOne && store.isStalled());
    }

    private Session make(Opening opening) {
        String clientId = opening.clientId();
        boolean persistent = expirySeconds(opening) > 0;
        // A stored one is numbered by the ticket of the change that makes it: never as another one, after any crash.
        long sid = persistent && core.store != null ? submitNew(opening) : core.newSid();
        Session session = new Session(sid, loop, core, clientId, persistent);
        session.log.made(sid);
        byClientId.put(clientId, session);
        return session;
    }

    private long submitNew(Opening opening) {
        PendingWill will = PendingWill.of(opening);
        StoredSession made = SessionLog.newRecord(
                expirySeconds(opening), loop.wallMs(), will == null ? new byte[0] : will.encoded(opening.clientId()));
        SessionChanges.session(loop.changes(), opening.clientId(), made);
        return loop.changes().submit();
    }

    private void whenLoaded(Session session, Runnable then) {
        StoredSession unloaded = session.log.unloaded();
        Store store = core.store;
        if (unloaded == null || store == null) {
            then.run();
        } else {
            session.log.load(unloaded, store).whenDone(then);
        }
    }

    /**
     * A connection is gone. Does nothing if the session has another by now.
     *
     * @param withWill whether its will is to be published [5.0:MQTT-3.1.2-8], [5.0:MQTT-3.14.4-3]
     */
    public void connectionClosed(Session session, Link link, boolean withWill) {
        assert loop.inLoop();
        if (session.ended || session.link != link) {
            return;
        }
        session.detach();
        if (!withWill || closing) {
            session.will = null; // [5.0:MQTT-3.1.2-10], [3.1.1:MQTT-3.1.2-10]
        }
        if (session.expirySeconds == 0) {
            end(session, DropReason.SESSION_ENDED);
            tellEnded(session, "it was to end with its connection");
            return;
        }
        if (session.members != null && !takingOver && !closing) {
            session.members.connectionLost();
        }
        session.log.disconnected();
        awaitDeadlines(session, 0);
    }

    /** Whether the end of a connection brings about a will, at once or when its delay has passed; before it has ended. */
    public boolean willFollows(Session session, Link link, boolean withWill) {
        return withWill && !closing && !session.ended && session.link == link && session.will != null;
    }

    /** Sets the timers of a session without a connection, which has been without one for some time. */
    private void awaitDeadlines(Session session, long elapsedMs) {
        PendingWill will = session.will;
        long willMs = will == null ? 0 : will.delaySeconds() * 1000 - elapsedMs;
        if (willMs <= 0) {
            publishWill(session);
        } else {
            session.willTimer = loop.schedule(willMs, () -> {
                session.willTimer = null;
                publishWill(session);
            });
        }
        if (session.expirySeconds != Limits.NEVER_EXPIRES) { // [5.0:MQTT-3.1.2-23], [5.0:MQTT-4.1.0-2]
            long expiryMs = Math.max(0, session.expirySeconds * 1000 - elapsedMs);
            session.expiryTimer = loop.schedule(expiryMs, () -> {
                tellExpired(session);
                end(session, DropReason.SESSION_ENDED);
            });
        }
    }

    /**
     * Takes in a session of an earlier process: it waits for its client, its will for its time. Before any connection.
     *
     * @param elapsedMs for how long it has been without a connection
     */
    void restore(Session session, long elapsedMs) {
        assert loop.inLoop();
        core.sessions.incrementAndGet();
        session.sinceMs = loop.nowMs() - elapsedMs;
        byClientId.put(session.clientId, session);
        awaitDeadlines(session, elapsedMs);
    }

    /** The end of a session: its subscriptions go first, then a will that still waits is published, and takes it along. */
    private void end(Session session, DropReason reason) {
        cancelTimers(session);
        for (Subscription each : session.subscriptions.values()) {
            loop.traffic().subscriptions(each.destination() != session, -1);
            if (each.destination() == session) {
                core.subscriptions.remove(session, each.filter());
            }
        }
        session.discard(reason);
        if (session.members != null) {
            session.members.leaveAll(core.groups);
        }
        session.subscriptions = Map.of();
        if (session.will == null) {
            forget(session);
            session.log.recordGone();
            return;
        }
        publishWill(session);
        if (session.will != null) { // it waits, and until then the record is of a session that has ended
            session.expirySeconds = 0;
            session.log.disconnected();
        }
    }

    /** Whether the time of a will has come: it may have to wait all the same. */
    private static boolean isWillDue(Session session) {
        return session.will != null && session.link == null && session.willTimer == null;
    }

    /**
     * A will can wait: not into a mailbox that is over its budget, nor into a store that isn't well, nor before it is known what
     * its client may publish. Meanwhile it is the session's, also one that has ended, and in its record.
     */
    private void publishWill(Session session) {
        PendingWill will = session.will;
        if (will == null || !isWillDue(session)) { // published when the client came back, while it waited
            return;
        }
        if (session.willRights().isUnknown()) {
            awaitRights(session, () -> publishWill(session));
            return;
        }
        if (isToBeAsked(session)) {
            awaitAnswer(session, () -> publishWill(session));
            return;
        }
        SessionLoop crowded = willsMayWait ? core.crowdedLoop() : null;
        if (crowded != null) {
            crowded.awaitRoom(loop, () -> publishWill(session));
            return;
        }
        if (willsMayWait && isRefusedByStore(session, will)) {
            Objects.requireNonNull(core.store).awaitHealth(() -> loop.execute(() -> publishWill(session)));
            return;
        }
        session.will = null;
        if (session.ended) {
            forget(session);
        }
        WillSource from = new WillSource(session);
        Decision<Message> answer = answerAbout(session, will);
        session.willQuestion = null;
        if (answer != null && (!answer.goesOn() || answer.isReplaced())) {
            publishAnswered(answer, will, from);
            return;
        }
        KeptMessage message = KeptMessage.of(
                will.message(), core.kept(will.message().qos()), will.version(), session.clientId, loop.nowMs());
        try {
            if (loop.router().route(message, will.message().qos(), from).isError()) {
                from.stage(message.qos()); // refused, and gone all the same
            }
        } finally {
            message.release();
        }
    }

    /** An interceptor has put something in the place of a will, or refused it. */
    private void publishAnswered(Decision<Message> answer, PendingWill will, WillSource from) {
        QoS published = will.message().qos();
        if (!answer.goesOn()) {
            loop.drops().count(from.name(), will.message().topic(), DropReason.REFUSED, 1);
            from.stage(published); // refused, and gone all the same
            return;
        }
        Message by = answer.value();
        KeptMessage message = KeptMessage.of(by, core.kept(by.qos()), from.name(), loop.nowMs());
        try {
            if (loop.router().routeAdmitted(message, published, from).isError()) {
                from.stage(published); // as above
            }
        } finally {
            message.release();
        }
    }

    /** Whether interceptors are to be asked about a will, and haven't answered: not about one that is refused in any case. */
    private boolean isToBeAsked(Session session) {
        PendingWill will = session.will;
        return will != null
                && interceptorsOf(will) != null
                && answerAbout(session, will) == null
                && mayPublish(session, will.message());
    }

    private @Nullable InterceptorChain<Message> interceptorsOf(PendingWill will) {
        return core.interceptors(will.testator().listener()).will;
    }

    private static boolean mayPublish(Session session, WillMessage will) {
        return session.willRights().mayPublish(will.topic(), will.qos(), will.retain());
    }

    private static @Nullable Decision<Message> answerAbout(Session session, PendingWill will) {
        WillQuestion asked = session.willQuestion;
        return asked != null && asked.isAbout(will) ? asked.answer() : null;
    }

    /** Asks interceptors about the will of a session, unless they are being asked; {@code then} runs when they have answered. */
    private void awaitAnswer(Session session, Runnable then) {
        PendingWill will = Objects.requireNonNull(session.will, "asked for without a will");
        WillQuestion present = session.willQuestion;
        if (present != null && present.isAbout(will)) {
            present.await(then);
            return;
        }
        WillQuestion question = new WillQuestion(will);
        session.willQuestion = question;
        KeptMessage kept =
                KeptMessage.of(will.message(), will.message().qos(), will.version(), session.clientId, loop.nowMs());
        Message message = kept.toMessage(kept.qos(), kept.retainFlag(), loop.nowMs());
        kept.release();
        Objects.requireNonNull(interceptorsOf(will), "nobody to ask")
                .ask(
                        loop,
                        session.clientId,
                        message,
                        new WillQuestion.Asking(will.client(session.clientId), PendingWill.LIMITS),
                        question::answered);
        question.await(then);
    }

    /**
     * The opening of a connection, which may have waited for an answer about the will of the one before, comes to nothing: the
     * answer isn't kept for when that will is due, which may be hours later.
     */
    public void abandoned(String clientId) {
        assert loop.inLoop();
        Session before = byClientId.get(clientId);
        if (before != null && !isWillDue(before) && !waiting.containsKey(clientId)) {
            before.willQuestion = null;
        }
    }

    private boolean isRefusedByStore(Session session, PendingWill will) {
        WillMessage message = will.message();
        Router.Source from = new WillSource(session);
        Decision<Message> answer = answerAbout(session, will);
        if (answer != null && answer.isReplaced()) {
            Message by = answer.value();
            int payloadBytes = by.payload().remaining();
            return loop.router().isRefusedByStore(by.topic(), by.qos(), by.retain(), payloadBytes, from);
        }
        boolean goesOn = mayPublish(session, message) && (answer == null || answer.goesOn());
        return goesOn
                && loop.router()
                        .isRefusedByStore(
                                message.topic(), message.qos(), message.retain(), message.payload().length, from);
    }

    /**
     * Asks what the client of a session may do that has left its will before the start: nothing, if the authorizer can't say in
     * the time that a CONNECT has.
     *
     * @param then runs on this loop when that is known
     */
    private void awaitRights(Session session, Runnable then) {
        if (session.awaitingRights != null) {
            session.awaitingRights.add(then);
            return;
        }
        session.awaitingRights = new ArrayList<>(List.of(then));
        PendingWill will = Objects.requireNonNull(session.will, "asked for without a will");
        String listener = will.testator().listener();
        Authorizer authorizer = core.authorizers().of(listener);
        if (authorizer == null) {
            rightsKnown(session, core.authorizers().without(listener));
            return;
        }
        SessionLoop.Timer patience = loop.schedule(core.limits().connectTimeoutMs(), () -> {
            LOG.warn("client {}: nobody says whether its will may be published, so it is not", session.clientId);
            tellFault(session, "its will is not published", "the authorizer doesn't answer");
            rightsKnown(session, Rights.NONE);
        });
        Rights.ask(authorizer, will.client(session.clientId), loop, (rights, failure) -> {
            patience.cancel();
            if (rights == null) {
                LOG.warn(
                        "client {}: the authorizer failed, so its will is not published: {}",
                        session.clientId,
                        failure);
                tellFault(session, "its will is not published, because the authorizer failed", failure);
            }
            rightsKnown(session, rights == null ? Rights.NONE : rights);
        });
    }

    private static void rightsKnown(Session session, Rights rights) {
        List<Runnable> waited = session.awaitingRights;
        session.awaitingRights = null;
        if (waited != null && session.willRights().isUnknown()) { // else it is too late
            session.willRights = rights;
            waited.forEach(SessionLoop::runGuarded);
        }
    }

    /** A will is published in one change with its removal, or with that of its session. */
    private final class WillSource implements Router.Source {
        private final Session session;

        WillSource(Session session) {
            this.session = session;
        }

        @Override
        public String name() {
            return session.clientId;
        }

        @Override
        public Limits limits() {
            return PendingWill.LIMITS;
        }

        @Override
        public boolean mayPublish(String topic, QoS qos, boolean retain) {
            return session.willRights().mayPublish(topic, qos, retain);
        }

        @Override
        public Targets targets(String topic) {
            return loop.router().match(topic);
        }

        @Override
        public boolean storesState(QoS qos) {
            return session.log.isOn();
        }

        @Override
        public boolean storesMore(QoS qos) {
            return false; // a will less
        }

        @Override
        public void stage(QoS qos) {
            if (session.ended) {
                session.log.recordGone();
            } else {
                session.log.disconnected();
            }
        }

        @Override
        public void submitted(long ticket) {
            session.log.waitFor(ticket);
        }

        @Override
        public void crowded(SessionLoop target) {
            // looked at before the publish, which was the only one
        }
    }

    /** Whose sessions are here, in no particular order; what changes meanwhile is seen or not. Any thread. */
    Set<String> clientIds() {
        return byClientId.keySet();
    }

    /**
     * Ends the session of a client, and its connection if it has one; a will is published, since both are over
     * [5.0:MQTT-3.1.2-8].
     *
     * @return false if there is none
     */
    public boolean endNow(String clientId, String text) {
        assert loop.inLoop();
        Session session = of(clientId);
        if (session == null) {
            return false;
        }
        session.expirySeconds = 0;
        endedNow = session; // whatever ends it on the way
        Link link = session.link;
        if (link == null) {
            end(session, DropReason.SESSION_ENDED);
            tellEnded(session, text);
        } else {
            link.disconnect(ReasonCode.ADMINISTRATIVE_ACTION, text);
            connectionClosed(session, link, true); // one that is being opened hasn't said so
        }
        endedNow = null;
        return true;
    }

    /** The connection of a client, or null if it has none. */
    public @Nullable Link link(String clientId) {
        assert loop.inLoop();
        Session session = byClientId.get(clientId);
        return session == null ? null : session.link;
    }

    /** Nothing of it is left: also of one that has ended, a will may have waited so long. */
    private void forget(Session session) {
        if (byClientId.remove(session.clientId, session)) {
            core.sessions.decrementAndGet();
        }
    }

    private static void cancelTimers(Session session) {
        if (session.willTimer != null) {
            session.willTimer.cancel();
        }
        if (session.expiryTimer != null) {
            session.expiryTimer.cancel();
        }
        session.willTimer = null;
        session.expiryTimer = null;
    }

    /** Whether every client that is connected has got and acknowledged all that is meant for it. */
    public boolean areDrained() {
        assert loop.inLoop();
        return byClientId.values().stream().allMatch(Session::isDrained) && core.groups.areDrained(loop);
    }

    /** The broker is being closed: its clients are disconnected by us, which publishes no will. */
    public void closing() {
        assert loop.inLoop();
        closing = true;
    }

    /** Whether the broker is being closed: nobody is let in any more. */
    public boolean isClosing() {
        return closing;
    }

    /** The publishes that interceptors have been asked about. */
    UnansweredPublishes unanswered() {
        return unanswered;
    }

    /** Has a local subscription with this home ended with the broker. */
    void add(LocalConsumer consumer) {
        assert loop.inLoop();
        localConsumers.add(consumer);
    }

    /** The local subscription has ended by itself. */
    void remove(LocalConsumer consumer) {
        assert loop.inLoop();
        localConsumers.remove(consumer);
    }

    /** The bounds of the loop have changed: tells those that hold on to one. */
    void limitsChanged() {
        localConsumers.forEach(LocalConsumer::limitsChanged);
    }

    /** Gives back what the sessions hold, at the end of the loop. */
    void dispose() {
        localConsumers.forEach(LocalConsumer::brokerClosed);
        localConsumers.clear();
        unanswered.dispose();
        for (Session session : byClientId.values()) {
            if (session.link != null) { // its connection was cut off with the loop: no death of its client
                session.will = null;
                session.log.disconnected();
            }
            session.leave(DropReason.BROKER_CLOSED);
        }
        byClientId.clear();
    }
}
