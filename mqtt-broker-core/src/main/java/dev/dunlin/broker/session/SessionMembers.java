package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The shared subscriptions of a session, and what of its window came by them. A QoS 1 message in the window whose target is a
 * member has its entry with the group; all else there is the session's own. Loop only.
 */
final class SessionMembers {
    private static final SessionMember[] NOBODY = {};

    private final Session session;
    private final Map<String, SessionMember> byFilter = new HashMap<>(4);

    /** The same as an array; null while it is to be made anew, which thousands of joins in a row wait for. */
    private SessionMember @Nullable [] all = NOBODY;

    SessionMembers(Session session) {
        this.session = session;
    }

    /** The member of this shared filter; null if there is none. */
    @Nullable
    SessionMember of(String shareFilter) {
        return byFilter.get(shareFilter);
    }

    /** The session has joined a group. */
    void joined(String shareFilter, SessionMember member) {
        byFilter.put(shareFilter, member);
        all = null;
        member.permit(session.rights, session.restriction());
        if (session.isAttached()) {
            member.connected(true);
            if (mayTake()) {
                unblock(member);
            }
        }
    }

    /** The session leaves a group; what it has sent it goes on with. */
    void leave(SharedGroups groups, String shareFilter) {
        SessionMember member = byFilter.remove(shareFilter);
        if (member != null) {
            all = null;
            member.left();
            groups.leave(member);
        }
    }

    void leaveAll(SharedGroups groups) {
        List.copyOf(byFilter.keySet()).forEach(filter -> leave(groups, filter));
    }

    /** The session is in the store, so its groups must be, too. */
    void stored(SharedGroups groups) {
        byFilter.values().forEach(groups::stored);
    }

    // ---- the connection

    void attached(@Nullable Restriction restriction) {
        for (SessionMember member : all()) {
            member.permit(session.rights, restriction);
            member.connected(true);
        }
    }

    void detached() {
        for (SessionMember member : all()) {
            member.connected(false);
        }
    }

    /** Sends what waits. */
    void pump(long nowMs) {
        for (SessionMember member : all()) {
            member.pump(nowMs);
        }
    }

    /** Takes messages again where it has stopped, if the session can send. */
    void unblock() {
        if (mayTake()) {
            for (SessionMember member : all()) {
                unblock(member);
            }
        }
    }

    private boolean mayTake() {
        return session.canSend() && session.queue.isEmpty();
    }

    private void unblock(SessionMember member) {
        if (member.isBlocked() && !member.isWaiting()) {
            member.limit(session.window.receiveMaximum());
        }
    }

    private SessionMember[] all() {
        SessionMember[] present = all;
        if (present == null) {
            present = byFilter.values().toArray(NOBODY);
            all = present;
        }
        return present;
    }

    // ---- giving back

    /**
     * The connection is lost. What was never sent goes back; QoS 1 messages that were sent go to another member if there is one
     * with a connection, else they stay, and are sent again when the client comes back: so nobody gets twice, without need,
     * what it had already.
     */
    void connectionLost() {
        giveBackSent(false);
        byFilter.values().forEach(SessionMember::giveBackWaiting); // which is younger
    }

    /** The session ends: QoS 1 messages go back, QoS 2 messages end with it [5.0:MQTT-4.8.2-5]. */
    void sessionEnds() {
        giveBackSent(true);
        byFilter.values().forEach(SessionMember::giveBackWaiting); // which is younger
    }

    private void giveBackSent(boolean all) {
        OutboundWindow window = session.window;
        for (long counter : sent()) {
            Target target = window.target(counter);
            SessionMember member = (SessionMember) target.destination();
            KeptMessage message = window.message(counter);
            if (message != null
                    && (all || member.group.hasOther(member, message.origin().topic()))) {
                member.giveBack(message, target, window.entry(counter));
                window.complete(counter);
            }
        }
    }

    /** QoS 1 messages under way that came by a group, oldest first; those of a group that was left meanwhile too. */
    private List<Long> sent() {
        OutboundWindow window = session.window;
        List<Long> counters = new ArrayList<>();
        window.forEach(counter -> {
            if (window.state(counter) == OutboundWindow.SENT_QOS_1
                    && window.target(counter).destination() != session) {
                counters.add(counter);
            }
        });
        return counters;
    }

    /** The broker is closed. What is under way leaves the window. */
    void close() {
        byFilter.values().forEach(SessionMember::closeWaiting);
        OutboundWindow window = session.window;
        for (long counter : sent()) {
            SessionMember member = (SessionMember) window.target(counter).destination();
            KeptMessage message = window.message(counter);
            if (message != null) {
                member.closeSent(message, window.entry(counter));
                window.complete(counter);
            }
        }
    }
}
