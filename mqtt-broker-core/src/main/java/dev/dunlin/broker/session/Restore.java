package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.store.StoredMessage;
import dev.dunlin.broker.store.StoredRetained;
import dev.dunlin.broker.store.StoredSession;
import dev.dunlin.broker.store.StoredSubscription;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Brings back what the store holds when a broker starts: sessions without their queues, subscriptions, retained messages.
 * Fed on one thread before the loops run; {@link #install} then has each loop take its own.
 */
public final class Restore implements Store.Recovered {
    private final Core core;
    private final LongObjectMap<Session> bySid = new LongObjectHashMap<>();
    private final List<List<Stub>> byLoop = new ArrayList<>();
    private final List<String> expired = new ArrayList<>();
    private final List<SharedGroup> replaced = new ArrayList<>();

    private record Stub(Session session, boolean wasConnected, long elapsedMs) {}

    /** Brings back into this broker. */
    public Restore(Core core) {
        this.core = core;
        for (int i = 0; i < core.loopCount(); i++) {
            byLoop.add(new ArrayList<>());
        }
    }

    @Override
    public void session(String clientId, StoredSession stored) throws StoreException {
        SessionLoop home = core.home(clientId);
        Session session = new Session(stored.sid(), home, core, clientId, true);
        session.expirySeconds = stored.expirySeconds();
        session.will = PendingWill.decode(stored.will());
        session.rights = core.rightsAtStart();
        session.log.notLoaded(stored.connected() ? stored.unclean() : stored);
        bySid.put(stored.sid(), session);
        long elapsedMs = stored.connected() ? 0 : Math.max(0, core.wallMs() - stored.disconnectedAtMs());
        byLoop.get(home.index()).add(new Stub(session, stored.connected(), elapsedMs));
    }

    @Override
    public void group(long sid, String shareFilter) {
        SharedGroup before = core.groups.restore(sid, shareFilter, stoppedUncleanly());
        if (before != null) {
            replaced.add(before); // its end was not stored any more
        }
    }

    private boolean stoppedUncleanly() {
        return core.store != null && !core.store.stoppedCleanly();
    }

    @Override
    public void subscription(long sid, StoredSubscription stored) {
        Session session = bySid.get(sid);
        if (session == null) {
            throw new IllegalStateException("subscription of an unknown session " + sid);
        }
        if (Topics.isShared(stored.filter())) {
            join(session, stored);
            return;
        }
        Subscription subscription = new Subscription(
                session,
                stored.filter(),
                stored.qos(),
                stored.noLocal(),
                stored.retainAsPublished(),
                stored.identifier());
        session.subscribed(subscription);
        core.subscriptions.add(subscription);
        StoredSubscription.Replay place = stored.replay();
        if (place != null) {
            int[] ids = stored.identifier() == 0 ? Target.NO_IDS : new int[] {stored.identifier()};
            Target target = new Target(session, stored.qos(), stored.noLocal(), true, ids);
            session.replays()
                    .begin(RetainedReplay.from(place, core.retainedFor(stored.filter()), stored.filter(), target));
        }
    }

    private void join(Session session, StoredSubscription stored) {
        SessionMember member = core.groups.join(stored.filter(), false, group -> {
            SessionMember made = new SessionMember(group, session);
            Subscription subscription = new Subscription(
                    made, stored.filter(), stored.qos(), false, stored.retainAsPublished(), stored.identifier());
            session.subscribed(subscription);
            made.subscribed(subscription);
            return made;
        });
        session.members().joined(stored.filter(), member);
    }

    @Override
    public void retained(String topic, long ticket, StoredMessage stored) throws StoreException {
        long nowMs = core.monotonicMs();
        KeptMessage message = KeptMessage.of(stored, nowMs, core.wallMs());
        if (message.isExpired(nowMs)) {
            message.release();
            expired.add(topic);
        } else {
            core.retained.put(topic, message, ticket);
        }
    }

    /** Has every loop take its sessions in, with their wills and deadlines; waits for that. After the loops have started. */
    public void install() throws InterruptedException {
        CountDownLatch installed = new CountDownLatch(core.loopCount());
        for (int i = 0; i < core.loopCount(); i++) {
            SessionLoop loop = core.loop(i);
            loop.execute(() -> {
                install(loop);
                installed.countDown();
            });
        }
        installed.await();
    }

    /** As {@link #install()} for one loop, which is running. */
    void install(SessionLoop loop) {
        if (loop.index() == 0) {
            expired.forEach(topic -> StoredRetained.delete(loop.changes(), topic)); // nobody can have set a new one yet
        }
        core.groups.removeAbandoned(loop).forEach(SharedGroup::end);
        replaced.stream().filter(group -> group.loop == loop).forEach(SharedGroup::end);
        for (Stub stub : byLoop.get(loop.index())) {
            if (stub.session.members != null) {
                stub.session.members.stored(core.groups);
            }
            if (stub.wasConnected) {
                stub.session.log.disconnected(); // its deadlines count from now
            }
            loop.sessions().restore(stub.session, stub.elapsedMs);
        }
    }
}
