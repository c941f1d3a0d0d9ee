package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.store.StoredSubscription;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.PacketType;
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
import java.util.Objects;
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
    private final Link link;
    private final Outbound out;
    private final Replies replies;
    private final VersionRules rules;
    private final @Nullable Store store;
    private boolean refusedByStore;

    SubscriptionRequests(Core core, Session session, Allowance allowance, Link link, Outbound out, Replies replies) {
        this.core = core;
        this.session = session;
        limits = allowance.limits();
        restriction = allowance.restriction();
        this.link = link;
        this.out = out;
        this.replies = replies;
        rules = out.rules();
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
        InterceptorChain<SubscriptionRequest> interceptors = core.interceptors(link.listener()).subscribe;
        if (interceptors != null) {
            ask(interceptors, request, identifier);
            return;
        }
        List<ReasonCode> reasons = new ArrayList<>(request.subscriptions().size());
        for (SubscriptionRequest each : request.subscriptions()) { // [5.0:MQTT-3.9.3-1], [3.1.1:MQTT-3.9.3-1]
            ReasonCode refusal = refusal(each);
            ReasonCode reason = refusal == null ? subscribe(whole(each), identifier) : refusal;
            reasons.add(reason);
            tellSubscribed(each.filter(), reason);
        }
        answer(request.packetId(), reasons, "");
    }

    private void answer(int packetId, List<ReasonCode> reasons, String text) throws MalformedPacket {
        session.log.submitted();
        session.replays().subscribing();
        replies.suback(new Suback(packetId, explain(refusedByStore ? STORE_REFUSES : text), reasons), this::answered);
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

    /** Why the client may not subscribe to what it says; null if it may. */
    private @Nullable ReasonCode refusal(SubscriptionRequest asked) throws MalformedPacket {
        boolean shared = Topics.isShared(asked.filter());
        if (!Topics.isValidFilter(asked.filter()) || (shared && !Topics.isValidShare(asked.filter()))) {
            return illFormed(asked.filter());
        }
        if (isLong(asked.filter())) {
            tellLimit("topicBytesMax", "subscription refused: its filter is too long");
            return ReasonCode.TOPIC_FILTER_INVALID;
        }
        String own = ownOf(whole(asked).filter());
        if (Topics.levels(own) > limits.topicLevelsMax()) {
            tellLimit("topicLevelsMax", "subscription refused: its filter has too many levels");
            return ReasonCode.TOPIC_FILTER_INVALID;
        }
        boolean allowed = !own.startsWith(LocalRequests.ANSWERS) && session.rights.maySubscribe(own);
        return allowed ? null : ReasonCode.NOT_AUTHORIZED;
    }

    private static String ownOf(String filter) {
        return Topics.isShared(filter) ? Topics.filterOfShare(filter) : filter;
    }

    /** The request as it is meant. */
    private SubscriptionRequest whole(SubscriptionRequest asked) {
        return restriction == null ? asked : restricted(asked, restriction);
    }

    private ReasonCode subscribe(SubscriptionRequest request, int identifier) {
        String filter = request.filter();
        boolean shared = Topics.isShared(filter);
        boolean isNew = !session.subscriptions.containsKey(filter);
        if (session.log.isOn() && store != null && (isNew ? store.refusesGrowth() : store.isStalled())) {
            refusedByStore = true;
            return ReasonCode.QUOTA_EXCEEDED;
        }
        if (isNew && session.subscriptions.size() >= core.limits().subscriptionsPerSessionMax()) {
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

    private static Properties explain(String text) {
        return text.isEmpty()
                ? Properties.EMPTY
                : Properties.builder().add(Property.REASON_STRING, text).build();
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
        InterceptorChain<String> interceptors = core.interceptors(link.listener()).unsubscribe;
        if (interceptors != null) {
            ask(interceptors, request);
            return;
        }
        List<ReasonCode> reasons = new ArrayList<>(request.filters().size());
        for (String asked : request.filters()) {
            reasons.add(unsubscribe(asked, whole(asked)));
        }
        session.log.submitted();
        replies.unsuback(new Unsuback(request.packetId(), Properties.EMPTY, reasons));
    }

    private ReasonCode unsubscribe(String asked, String filter) {
        Subscription removed = session.unsubscribed(filter);
        if (removed == null) {
            return whyNot(asked);
        }
        session.log.unsubscribed(filter);
        remove(removed);
        tellUnsubscribed(asked);
        return ReasonCode.SUCCESS;
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

    // ---- interceptors

    private void ask(InterceptorChain<SubscriptionRequest> interceptors, Subscribe request, int identifier)
            throws MalformedPacket {
        List<@Nullable ReasonCode> refusals = new ArrayList<>();
        List<@Nullable SubscriptionRequest> asked = new ArrayList<>();
        for (SubscriptionRequest each : request.subscriptions()) {
            ReasonCode refusal = refusal(each);
            refusals.add(refusal);
            asked.add(refusal == null ? whole(each) : null);
        }
        ClientInfo client = link.client();
        new InterceptedFilters<>(
                        session,
                        link,
                        out,
                        asked,
                        (each, then) -> interceptors.ask(
                                session.loop,
                                session.clientId,
                                each,
                                (interceptor, now) -> interceptor.onSubscribe(client, now),
                                then),
                        decisions -> subscribe(request, identifier, refusals, decisions))
                .begin();
    }

    private void subscribe(
            Subscribe request,
            int identifier,
            List<@Nullable ReasonCode> refusals,
            List<@Nullable Decision<SubscriptionRequest>> decisions) {
        List<ReasonCode> reasons = new ArrayList<>();
        String text = "";
        for (int i = 0; i < decisions.size(); i++) {
            Decision<SubscriptionRequest> decision = decisions.get(i);
            ReasonCode reason;
            if (decision == null) {
                reason = Objects.requireNonNull(refusals.get(i), "not asked, and not refused");
            } else if (decision.goesOn()) {
                reason = granted(decision.value(), identifier);
            } else {
                reason = decision.reasonIn(PacketType.SUBACK);
                text = text.isEmpty() ? decision.text() : text; // there is one for all
            }
            reasons.add(reason);
            tellSubscribed(request.subscriptions().get(i).filter(), reason);
        }
        try {
            answer(request.packetId(), reasons, text);
        } catch (MalformedPacket violation) {
            disconnect(violation);
        }
    }

    /** Within the limits, which hold for a host's own word as well. */
    private ReasonCode granted(SubscriptionRequest by, int identifier) {
        if (Topics.levels(ownOf(by.filter())) > limits.topicLevelsMax()
                || Topics.isLonger(by.filter(), limits.topicBytesMax())) {
            return ReasonCode.TOPIC_FILTER_INVALID;
        }
        QoS qos = restriction == null ? by.maximumQoS() : restriction.lower(by.maximumQoS());
        SubscriptionRequest request =
                new SubscriptionRequest(by.filter(), qos, by.noLocal(), by.retainAsPublished(), by.retainHandling());
        return subscribe(request, identifier);
    }

    private void ask(InterceptorChain<String> interceptors, Unsubscribe request) {
        List<@Nullable String> asked = new ArrayList<>();
        for (String each : request.filters()) {
            boolean known = Topics.isValidFilter(each) && (!Topics.isShared(each) || Topics.isValidShare(each));
            asked.add(known ? whole(each) : null);
        }
        ClientInfo client = link.client();
        new InterceptedFilters<>(
                        session,
                        link,
                        out,
                        asked,
                        (each, then) -> interceptors.ask(
                                session.loop,
                                session.clientId,
                                each,
                                (interceptor, now) -> interceptor.onUnsubscribe(client, now),
                                then),
                        decisions -> unsubscribe(request, decisions))
                .begin();
    }

    private void unsubscribe(Unsubscribe request, List<@Nullable Decision<String>> decisions) {
        List<ReasonCode> reasons = new ArrayList<>();
        String text = "";
        for (int i = 0; i < decisions.size(); i++) {
            String asked = request.filters().get(i);
            Decision<String> decision = decisions.get(i);
            if (decision == null || decision.goesOn()) {
                reasons.add(unsubscribe(asked, decision == null ? whole(asked) : decision.value()));
            } else if (decision.hasFailed() && !rules.hasReasons()) {
                link.disconnect(decision.reason(), decision.text()); // UNSUBACK could only say yes
                return;
            } else {
                reasons.add(decision.reasonIn(PacketType.UNSUBACK));
                text = text.isEmpty() ? decision.text() : text;
            }
        }
        session.log.submitted();
        try {
            replies.unsuback(new Unsuback(request.packetId(), explain(text), reasons));
        } catch (MalformedPacket violation) {
            disconnect(violation);
        }
    }

    private void disconnect(MalformedPacket violation) {
        link.disconnect(violation.reasonCode(), Objects.requireNonNull(violation.getMessage()));
    }
}
