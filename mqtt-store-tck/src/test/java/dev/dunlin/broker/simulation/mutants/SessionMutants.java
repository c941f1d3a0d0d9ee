package dev.dunlin.broker.simulation.mutants;

import java.util.List;

/** Wills, the life of sessions, shared groups. */
final class SessionMutants {
    static final List<Mutant> LIST = List.of(
            Mutant.of(
                    "will-after-disconnect-0x00",
                    "[5.0:MQTT-3.14.4-3]: DISCONNECT with 0x00 removes the will",
                    Patch.of(
                            "net/Connection.java",
                            "boolean withWill = packet.reasonCode() != ReasonCode.SUCCESS;",
                            "boolean withWill = true;")),
            Mutant.of(
                    "will-lost-on-takeover",
                    "3: a takeover is the end of a connection, whose will is published as after any other",
                    Patch.of(
                            "session/Sessions.java",
                            "if (!withWill || closing) {",
                            "if (!withWill || closing || takingOver) {")),
            Mutant.of(
                    "session-opened-before-a-will-that-waits",
                    "6: no will that a connection has left is in memory only. A client that comes back overwrites its record",
                    Patch.of(
                            "session/Sessions.java",
                            "willsMayWait = !session.log.isOn() &&",
                            "willsMayWait = session.log.isOn() ||")),
            Mutant.of(
                    "delayed-will-fired-twice-after-restart",
                    "6, table: the change of a will that fires removes it. That of a delayed one doesn't, so it fires again"
                            + " after a restart",
                    Patch.of("session/Sessions.java", "private boolean takingOver;", """
                            private boolean takingOver;
                            private boolean delayed;
                            """),
                    Patch.of("session/Sessions.java", """
                            session.willTimer = null;
                            publishWill(session);
                            """, """
                            session.willTimer = null;
                            delayed = true;
                            publishWill(session);
                            delayed = false;
                            """),
                    Patch.of("session/Sessions.java", """
                            } else {
                                session.log.disconnected();
                            """, """
                            } else if (!delayed) {
                                session.log.disconnected();
                            """)),
            Mutant.of(
                    "session-expiry-counted-from-connect",
                    "6, table: the absolute deadline counts from the end of the connection",
                    Patch.of("session/Sessions.java", "private boolean takingOver;", """
                            private boolean takingOver;
                            private final Map<Session, Long> connectedAtMs = new HashMap<>();
                            """),
                    Patch.of("session/Sessions.java", "session.will = PendingWill.of(opening);", """
                            session.will = PendingWill.of(opening);
                            connectedAtMs.put(session, loop.nowMs());
                            """),
                    Patch.of(
                            "session/Sessions.java",
                            "long expiryMs = Math.max(0, session.expirySeconds * 1000 - elapsedMs);",
                            """
                            long connectedMs = loop.nowMs() - connectedAtMs.getOrDefault(session, loop.nowMs());
                            long expiryMs = Math.max(0, session.expirySeconds * 1000 - elapsedMs - connectedMs);
                            """)),
            Mutant.of(
                    "shared-message-lost-when-the-member-leaves",
                    "5, shared group: QoS 1 is chosen anew when the member's connection or session ends."
                            + " Here what it was sent and hasn't acknowledged is gone",
                    Patch.of(
                            "session/SessionMembers.java",
                            "member.giveBack(message, target, window.entry(counter));",
                            """
                            member.entryGone(window.entry(counter));
                            member.done(message, target);
                            """)),
            Mutant.of(
                    "slot-reused-by-another-session",
                    "3, slots: none is used again before every loop has finished a turn begun later. Targets are objects"
                            + " today: what is handed to a session that has ended reaches the one that was made last",
                    Patch.of("session/Sessions.java", "private boolean takingOver;", """
                            private boolean takingOver;
                            @Nullable
                            Session youngest;
                            """),
                    Patch.of("session/Sessions.java", "byClientId.put(clientId, session);", """
                            byClientId.put(clientId, session);
                            youngest = session;
                            """),
                    Patch.of("session/Session.java", """
                            if (ended) {
                                drop(message, stored, DropReason.SESSION_ENDED);
                            }
                            """, """
                            Session next = loop.sessions().youngest;
                            if (ended && next != null && next != this && !next.ended) {
                                Target there = new Target(
                                        next,
                                        target.qos(),
                                        target.noLocal(),
                                        target.retainAsPublished(),
                                        target.subscriptionIds());
                                log.entryGone(stored);
                                next.deliver(message, there, EntryId.NONE, nowMs);
                            } else if (ended) {
                                drop(message, stored, DropReason.SESSION_ENDED);
                            }
                            """)),
            Mutant.of(
                    "shared-group-without-a-record",
                    "6, records: a stored group has one, with its sid. The delete of nothing takes its place, for the ticket",
                    Patch.of(
                            "session/SharedGroup.java",
                            "SessionChanges.newGroup(submitter.changes(), name);",
                            "SessionChanges.noSession(submitter.changes(), name);")),
            Mutant.of(
                    "purged-in-memory-only",
                    "what an administrator was told is dropped is dropped in the store too. Here a crash, or a stop, brings it back",
                    Patch.of("session/SessionQueue.java", "dropHead(queue, DropReason.PURGED);", """
                            KeptMessage head = removeHead(queue);
                            owner.drop(head, EntryId.NONE, DropReason.PURGED);
                            if (head != null) {
                                head.release();
                            }
                            """)),
            Mutant.of(
                    "ended-by-an-administrator-and-kept",
                    "an administrator ends a session whose client is connected: not only its connection",
                    Patch.of("session/Sessions.java", """
                            session.expirySeconds = 0;
                            endedNow = session;
                            """, "endedNow = session;")));

    private SessionMutants() {}
}
