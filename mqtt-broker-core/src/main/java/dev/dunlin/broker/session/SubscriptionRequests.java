package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.store.StoredSubscription;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.Suback;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import dev.dunlin.codec.Unsuback;
import dev.dunlin.codec.Unsubscribe;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A SUBSCRIBE or an UNSUBSCRIBE: made for the packet, since few are sent. Loop only. */
public final class SubscriptionRequests {
    static final String STORE_REFUSES = "the store has no room or can't be written";
    private static final int RETAIN_ALWAYS = 0;
    private static final int RETAIN_IF_NEW = 1;

    private final Core core;
    private final Session session;
    private final Limits limits;
    private final @Nullable Restriction restriction;
    private final Replies replies;
    private final VersionRules rules;
    private final @Nullable Store store;
    private boolean refusedByStore;

    SubscriptionRequests(Core core, Session session, Allowance allowance, Replies replies, VersionRules rules) {
        this.core = core;
        this.session = session;
        limits = allowance.limits();
        restriction = allowance.restriction();
        this.replies = replies;
        this.rules = rules;
        store = core.store;
    }

    /**
     * Takes in a SUBSCRIBE: filter by filter in their order, one SUBACK [5.0:MQTT-3.8.4-5], [3.1.1:MQTT-3.8.4-4]; then
     * the retained messages.
     *
     * @throws MalformedPacket if a filter of a 3.1 or 3.1.1 client is ill-formed; a 5.0 client gets 0x8F for it, unless it
     *     is not to be sent so large an answer
     */
    public void subscribe(Subscribe request) throws MalformedPacket {
        assert session.loop.inLoop();
        for (SubscriptionRequest each : request.subscriptions()) {
            if (each.noLocal() && Topics.isShared(each.filter())) { // [5.0:MQTT-3.8.3-4]
                throw new MalformedPacket(ReasonCode.PROTOCOL_ERROR, "no local on a shared subscription");
            }
        }
        int identifier = (int) request.properties().integer(Property.SUBSCRIPTION_IDENTIFIER, 0);
        List<ReasonCode> reasons = new ArrayList<>(request.subscriptions().size());
        for (SubscriptionRequest each : request.subscriptions()) { // [5.0:MQTT-3.9.3-1], [3.1.1:MQTT-3.9.3-1]
            ReasonCode reason = subscribe(each, identifier);
            reasons.add(reason);
            tellSubscribed(each.filter(), reason);
        }
        session.log.submitted();
        session.replays().subscribing();
        replies.suback(new Suback(request.packetId(), explain(refusedByStore), reasons), this::answered);
    }

    private void tellSubscribed(String filter, ReasonCode reason) {
        Events events = core.events();
        if (events != null) {
            events.tell(
                    reason.isError()
                            ? new BrokerEvent.SubscriptionRefused(events.now(), session.clientId, filter, reason)
                            : new BrokerEvent.Subscribed(
                                    events.now(), session.clientId, filter, QoS.of(reason.code())));
        }
    }

    private void tellUnsubscribed(String filter) {
        Events events = core.events();
        if (events != null) {
            events.tell(new BrokerEvent.Unsubscribed(events.now(), session.clientId, filter));
        }
    }

    private void tellLimit(String limit, String text) {
        Events events = core.events();
        if (events != null) {
            events.limit(session.clientId, limit, text);
        }
    }

    private void answered() {
        session.replays().answered();
        session.pump();
    }

    private ReasonCode subscribe(SubscriptionRequest asked, int identifier) throws MalformedPacket {
        boolean shared = Topics.isShared(asked.filter());
        if (!Topics.isValidFilter(asked.filter()) || (shared && !Topics.isValidShare(asked.filter()))) {
            return illFormed(asked.filter());
        }
        if (isLong(asked.filter())) {
            tellLimit("topicBytesMax", "subscription refused: its filter is too long");
            return ReasonCode.TOPIC_FILTER_INVALID;
        }
        SubscriptionRequest request = restriction == null ? asked : restricted(asked, restriction);
        String filter = request.filter();
        String own = shared ? Topics.filterOfShare(filter) : filter;
        if (Topics.levels(own) > limits.topicLevelsMax()) {
            tellLimit("topicLevelsMax", "subscription refused: its filter has too many levels");
            return ReasonCode.TOPIC_FILTER_INVALID;
        }
        if (!session.rights.maySubscribe(own)) {
            return ReasonCode.NOT_AUTHORIZED;
        }
        boolean isNew = !session.subscriptions.containsKey(filter);
        if (session.log.isOn() && store != null && (isNew ? store.refusesGrowth() : store.isStalled())) {
            refusedByStore = true;
            return ReasonCode.QUOTA_EXCEEDED;
        }
        if (isNew && session.subscriptions.size() >= core.limits.subscriptionsPerSessionMax()) {
            tellLimit("subscriptionsPerSessionMax", "subscription refused");
            return ReasonCode.QUOTA_EXCEEDED;
        }
        if (shared) { // without retained messages [5.0 section 4.8.2]
            share(request, identifier);
            return ReasonCode.granted(request.maximumQoS());
        }
        Subscription subscription = new Subscription(
                session, filter, request.maximumQoS(), request.noLocal(), request.retainAsPublished(), identifier);
        session.subscribed(subscription);
        core.subscriptions.add(subscription); // replaces one with the same filter [5.0:MQTT-3.8.4-3]
        int handling = request.retainHandling(); // [5.0:MQTT-3.3.1-9], [5.0:MQTT-3.3.1-10], [5.0:MQTT-3.3.1-11]
        boolean replays = (handling == RETAIN_ALWAYS || (handling == RETAIN_IF_NEW && isNew))
                && (restriction == null || restriction.retainAvailable());
        session.log.subscribed(
                subscription,
                replays
                        ? replayRetained(request, identifier)
                        : session.replays().place(filter));
        return ReasonCode.granted(request.maximumQoS());
    }

    /** Whether a filter, made whole, is longer than one may be. */
    private boolean isLong(String filter) {
        MountPoint mount = restriction == null ? null : restriction.mount();
        return Topics.isLonger(filter, limits.topicBytesMax() - (mount == null ? 0 : mount.bytes()));
    }

    /** As it is meant: of the whole topics, and granted no more than there is [5.0:MQTT-3.2.2-10]. */
    private static SubscriptionRequest restricted(SubscriptionRequest asked, Restriction restriction) {
        MountPoint mount = restriction.mount();
        return new SubscriptionRequest(
                mount == null ? asked.filter() : mount.wholeFilter(asked.filter()),
                restriction.lower(asked.maximumQoS()),
                asked.noLocal(),
                asked.retainAsPublished(),
                asked.retainHandling());
    }

    /** Joins the group, or changes the options of the member [5.0:MQTT-3.8.4-3]. */
    private void share(SubscriptionRequest request, int identifier) {
        String filter = request.filter();
        SessionMember present = session.members().of(filter);
        if (present == null) {
            SessionMember joined = core.groups.join(filter, session.log.isOn(), group -> {
                SessionMember made = new SessionMember(group, session);
                made.subscribed(shared(made, request, identifier));
                return made;
            });
            session.members().joined(filter, joined);
            if (session.log.isOn()) {
                session.log.waitFor(
                        joined.group.storedSid()); // the change that made it may have taken this record along
            }
        } else {
            present.subscribed(shared(present, request, identifier));
            core.groups.resubscribed(present);
        }
    }

    private Subscription shared(SessionMember member, SubscriptionRequest request, int identifier) {
        Subscription subscription = new Subscription(
                member, request.filter(), request.maximumQoS(), false, request.retainAsPublished(), identifier);
        session.subscribed(subscription);
        session.log.subscribed(subscription, null);
        return subscription;
    }

    private static Properties explain(boolean refusedByStore) {
        return refusedByStore
                ? Properties.builder()
                        .add(Property.REASON_STRING, STORE_REFUSES)
                        .build()
                : Properties.EMPTY;
    }

    private ReasonCode illFormed(String filter) throws MalformedPacket {
        if (!rules.hasReasons()) { // there is no code for it: [3.1.1:MQTT-4.8.0-1]
            throw new MalformedPacket(ReasonCode.TOPIC_FILTER_INVALID, "ill-formed topic filter " + filter);
        }
        return ReasonCode.TOPIC_FILTER_INVALID;
    }

    /** The filter is in the tree by now: what is published from here on comes live. */
    private StoredSubscription.Replay replayRetained(SubscriptionRequest request, int identifier) {
        String filter = request.filter();
        int[] identifiers = identifier == 0 ? Target.NO_IDS : new int[] {identifier};
        // RETAIN 1, whatever retain as published says [5.0 section 3.3.1.3]
        Target target = new Target(session, request.maximumQoS(), request.noLocal(), true, identifiers);
        RetainedReplay replay = new RetainedReplay(core.retainedFor(filter), filter, target, core.lastTicket());
        session.replays().begin(replay);
        return replay.place();
    }

    /**
     * Takes in an UNSUBSCRIBE. What is queued or under way still arrives [5.0:MQTT-3.10.4-3]; retained messages that are
     * not yet sent don't [5.0:MQTT-3.10.4-2].
     *
     * @throws MalformedPacket if the client is not to be sent so large an answer
     */
    public void unsubscribe(Unsubscribe request) throws MalformedPacket {
        assert session.loop.inLoop();
        List<ReasonCode> reasons = new ArrayList<>(request.filters().size());
        for (String asked : request.filters()) {
            String filter = whole(asked);
            Subscription removed = session.unsubscribed(filter);
            boolean existed = removed != null;
            if (removed != null) {
                session.log.unsubscribed(filter);
                remove(removed);
                tellUnsubscribed(asked);
            }
            reasons.add(existed ? ReasonCode.SUCCESS : whyNot(asked));
        }
        session.log.submitted();
        replies.unsuback(new Unsuback(request.packetId(), Properties.EMPTY, reasons));
    }

    /** The filter by which the session knows it; one that is ill-formed it doesn't know anyway. */
    private String whole(String asked) {
        MountPoint mount = restriction == null ? null : restriction.mount();
        boolean known = !Topics.isShared(asked) || Topics.isValidShare(asked);
        return mount != null && known ? mount.wholeFilter(asked) : asked;
    }

    private ReasonCode whyNot(String filter) {
        return isLong(filter) ? ReasonCode.TOPIC_FILTER_INVALID : ReasonCode.NO_SUBSCRIPTION_EXISTED;
    }

    private void remove(Subscription removed) {
        if (removed.destination() == session) {
            core.subscriptions.remove(session, removed.filter());
            session.replays().stop(removed.filter());
        } else {
            session.members().leave(core.groups, removed.filter());
        }
    }
}
