package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.Topics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The shared groups by their shared filters, and who is in them. Changes wait for each other: on SUBSCRIBE, UNSUBSCRIBE and a
 * session's end; no publish comes here. The subscription tree is changed under this lock, never the other way round.
 */
final class SharedGroups {
    private final Core core;

    /** Changed under the lock; {@link #names} is for any thread. */
    private final Map<String, SharedGroup> byFilter = new ConcurrentHashMap<>();

    /** Without members, and not yet told so on their home loops. */
    private final Set<SharedGroup> ending = new LinkedHashSet<>();

    SharedGroups(Core core) {
        this.core = core;
    }

    /** Makes the member of a group that is to join it, with its options: {@link Member#subscribed} before it returns. */
    interface Joining<M extends Member> {
        M member(SharedGroup group);
    }

    /**
     * Adds a member; the group is made if need be. What is published after the return goes to the group.
     *
     * @param stored whether the group must outlive the process because of this member
     */
    synchronized <M extends Member> M join(String shareFilter, boolean stored, Joining<M> joining) {
        SharedGroup group = byFilter.computeIfAbsent(shareFilter, name -> new SharedGroup(core, name));
        M member = joining.member(group);
        if (stored && !group.isPersistent()) {
            group.storedFromNow(member.loop);
        }
        Member[] more = Arrays.copyOf(group.members(), group.members().length + 1);
        more[more.length - 1] = member;
        changed(group, more);
        return member;
    }

    /** The shared filters, in no particular order; what changes meanwhile is seen or not. Any thread, without the lock. */
    Set<String> names() {
        return byFilter.keySet();
    }

    /** The group with this shared filter, or null. Any thread, without the lock. */
    @Nullable
    SharedGroup look(String shareFilter) {
        return byFilter.get(shareFilter);
    }

    /** How many groups there are. */
    synchronized int size() {
        return byFilter.size();
    }

    /** A member has other options now. */
    synchronized void resubscribed(Member member) {
        changed(member.group, member.group.members());
        member.group.roomCame(); // a message that is sent with QoS 0 needs no place
    }

    private void changed(SharedGroup group, Member[] members) {
        group.members(members);
        core.subscriptions.add(subscription(group));
    }

    /** What the group asks for as a whole: what its members ask for is looked at when one is chosen. */
    private static Subscription subscription(SharedGroup group) {
        return new Subscription(group, Topics.filterOfShare(group.name()), group.granted(), false, true, 0);
    }

    /** Removes a member. With the last one the group ends, and what waits there is dropped. */
    synchronized void leave(Member member) {
        SharedGroup group = member.group;
        Member[] rest =
                Arrays.stream(group.members()).filter(each -> each != member).toArray(Member[]::new);
        if (rest.length > 0) {
            changed(group, rest);
            return;
        }
        group.members(rest);
        core.subscriptions.remove(group, Topics.filterOfShare(group.name()));
        byFilter.remove(group.name(), group);
        ending.add(group);
        if (member.loop.inLoop()) { // the removal of its subscription must come before that of the group
            member.loop.runLater(() -> end(group, member.loop));
        } else {
            group.loop.execute(group::end);
        }
    }

    private void end(SharedGroup group, SessionLoop submitter) {
        if (core.store != null) {
            submitter.submitStaged();
        }
        group.loop.execute(group::end);
    }

    /** A group without members has ended. */
    synchronized void ended(SharedGroup group) {
        ending.remove(group);
    }

    /** The group with this shared filter, or null. */
    synchronized @Nullable SharedGroup of(String shareFilter) {
        return byFilter.get(shareFilter);
    }

    /** From now on a group must outlive the process, because of this member. */
    synchronized void stored(Member member) {
        if (!member.group.isPersistent()) {
            member.group.storedFromNow(member.loop);
            changed(member.group, member.group.members());
        }
    }

    /** Whether the groups of this loop, which asks, have nothing that a member could take. */
    synchronized boolean areDrained(SessionLoop loop) {
        return byFilter.values().stream().filter(group -> group.loop == loop).allMatch(SharedGroup::isDrained);
    }

    // ---- start and end

    /** A group that is in the store; the latest of a name comes last. Returns the one that it replaces. */
    synchronized @Nullable SharedGroup restore(long sid, String shareFilter, boolean maybeSent) {
        SharedGroup group = new SharedGroup(core, shareFilter);
        group.restored(sid, maybeSent);
        return byFilter.put(shareFilter, group);
    }

    /** Takes out the groups of a loop that no session in the store is a member of: they are dead. */
    synchronized List<SharedGroup> removeAbandoned(SessionLoop loop) {
        List<SharedGroup> abandoned = new ArrayList<>();
        byFilter.values().removeIf(group -> group.loop == loop && group.members().length == 0 && abandoned.add(group));
        return abandoned;
    }

    /** Gives back what the groups of a loop hold, at its end. */
    synchronized void dispose(SessionLoop loop) {
        for (Collection<SharedGroup> each : List.of(byFilter.values(), ending)) {
            each.stream().filter(group -> group.loop == loop).forEach(SharedGroup::leave);
        }
    }
}
