package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Destination;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.routing.TargetCollector;
import dev.dunlin.broker.routing.Targets;
import dev.dunlin.broker.spi.GroupMember;
import dev.dunlin.broker.spi.GroupState;
import dev.dunlin.broker.spi.Page;
import dev.dunlin.broker.spi.RetainedState;
import dev.dunlin.broker.spi.SubscriberState;
import dev.dunlin.broker.spi.SubscriberState.Kind;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What an administrator sees of who gets what: subscribers of a topic, shared groups, retained messages. All of it stands in
 * structures that any thread may read, so nobody's loop is asked, but for what waits for a group.
 */
public final class Audience {
    private static final int MEMBERS_MAX = 1_000;

    private final Core core;

    /** Of the topics of this broker. */
    public Audience(Core core) {
        this.core = core;
    }

    /** One subscriber, with what tells it from others of its name. */
    private record Found(Kind kind, Recipient recipient, Target target) {
        private static final Comparator<Found> ORDER = Comparator.comparing(Found::place);

        String name() {
            return recipient instanceof Session session ? session.clientId() : recipient.toString();
        }

        /** Local subscriptions may have the same name. */
        String place() {
            return kind.ordinal() + name() + (kind == Kind.LOCAL ? "\0" + Long.toHexString(recipient.sid) : "");
        }
    }

    /** Who would get a publish to a topic: sessions, then groups, then those in the process, by name. Any thread but a loop's. */
    public Page<SubscriberState> subscribers(String topic, String after, int max) {
        Targets targets = core.subscriptions.targets(topic, new TargetCollector(), core.loopCount());
        PriorityQueue<Found> first = new PriorityQueue<>(Found.ORDER.reversed());
        for (int i = 0; i < core.loopCount(); i++) {
            collect(targets.of(i), after, max + 1, first);
        }
        collect(targets.shared(), after, max + 1, first);
        List<Found> sorted = new ArrayList<>(first);
        sorted.sort(Found.ORDER);
        List<SubscriberState> items =
                sorted.stream().limit(max).map(Audience::state).toList();
        return new Page<>(items, sorted.size() > max ? sorted.get(max - 1).place() : null);
    }

    private static void collect(Target[] targets, String after, int max, PriorityQueue<Found> first) {
        for (Target target : targets) {
            Found found = new Found(kind(target.destination()), (Recipient) target.destination(), target);
            if (found.place().compareTo(after) > 0) {
                first.add(found);
                if (first.size() > max) {
                    first.remove();
                }
            }
        }
    }

    private static Kind kind(Destination destination) {
        if (destination instanceof Session) {
            return Kind.SESSION;
        }
        return destination instanceof SharedGroup ? Kind.SHARED_GROUP : Kind.LOCAL;
    }

    private static SubscriberState state(Found found) {
        Target target = found.target;
        return new SubscriberState(
                found.kind,
                found.name(),
                target.qos(),
                target.noLocal(),
                Arrays.stream(target.subscriptionIds()).boxed().toList(),
                found.recipient instanceof SharedGroup group ? members(group) : List.of());
    }

    private static List<GroupMember> members(SharedGroup group) {
        return Arrays.stream(group.members())
                .limit(MEMBERS_MAX)
                .map(Audience::member)
                .toList();
    }

    private static GroupMember member(Member member) {
        String name = member instanceof SessionMember session ? session.clientId() : member.toString();
        return new GroupMember(name, member.target().qos(), member.isConnected(), member.hasRoom());
    }

    /** The shared filters of groups behind this one, in their order. Any thread but a loop's: looks at all of them. */
    public List<String> groups(String after, int max) {
        return FirstNames.after(after, max, List.of(core.groups.names()));
    }

    /** The loop that knows what waits for a group. */
    public SessionLoop home(String shareFilter) {
        return core.home(shareFilter);
    }

    /** How a group is; nothing if there is none. Its home loop only. */
    public Stream<GroupState> group(String shareFilter) {
        SharedGroup group = core.groups.look(shareFilter);
        if (group == null) {
            return Stream.empty();
        }
        assert group.loop.inLoop();
        return Stream.of(new GroupState(
                shareFilter, group.isPersistent(), group.waiting(), group.members().length, members(group)));
    }

    // ---- retained messages

    /**
     * Retained messages that match a filter, in the order of their topics' levels; those that have expired are left out. Any
     * thread but a loop's: topics that don't match may stand between them.
     *
     * @param after the last topic that was seen; empty to begin
     * @param payloadBytesMax so many bytes of each payload
     */
    public Page<RetainedState> retained(String filter, String after, int max, int payloadBytesMax) {
        var index = core.retainedFor(filter);
        var cursor = after.isEmpty() ? index.cursor(filter) : index.cursor(filter, after);
        List<RetainedState> items = new ArrayList<>();
        String last = after;
        while (items.size() < max && cursor.next()) {
            last = cursor.topic();
            RetainedState state = state(last, cursor.value(), payloadBytesMax);
            if (state != null) {
                items.add(state);
            }
        }
        return new Page<>(items, cursor.isAtEnd() ? null : last);
    }

    /** Null if it has expired, or is replaced just now: it is as if it had been looked at a moment before or after. */
    private @Nullable RetainedState state(String topic, KeptMessage message, int payloadBytesMax) {
        if (message.isExpired(core.monotonicMs()) || !message.tryRetain()) {
            return null;
        }
        try {
            ByteBuf payload = message.frame().payload();
            byte[] begin = new byte[Math.min(payloadBytesMax, payload.readableBytes())];
            payload.getBytes(payload.readerIndex(), begin);
            return new RetainedState(
                    topic,
                    message.qos(),
                    message.payloadBytes(),
                    message.expirySeconds(core.monotonicMs()),
                    message.publisher(),
                    ByteBuffer.wrap(begin).asReadOnlyBuffer());
        } finally {
            message.release();
        }
    }
}
