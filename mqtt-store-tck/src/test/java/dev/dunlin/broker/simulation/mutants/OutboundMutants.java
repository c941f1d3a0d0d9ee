package dev.dunlin.broker.simulation.mutants;

import java.util.List;

/** The window, the packet ids and what is sent again; buffers and their references. */
final class OutboundMutants {
    static final List<Mutant> LIST = List.of(
            Mutant.of(
                    "resend-without-dup",
                    "6, after a stop and after a reconnect: what was sent is resent with DUP 1",
                    Patch.of(
                            "session/Session.java",
                            "append(to, message, target, qos, true, OutboundWindow.packetId(counter), nowMs);",
                            "append(to, message, target, qos, false, OutboundWindow.packetId(counter), nowMs);")),
            Mutant.of(
                    "resend-with-a-new-id",
                    "2, row 7: the packet id is the slot's counter, for as long as the exchange lasts."
                            + " A window of QoS 1 messages gets new counters with each connection",
                    Patch.of("session/OutboundWindow.java", """
                            limit = receiveMaximum;
                            sent = 0;
                            resend = oldest;
                            """, """
                            limit = receiveMaximum;
                            sent = 0;
                            moveOn();
                            resend = oldest;
                            """),
                    Patch.of(
                            "session/OutboundWindow.java",
                            "/** How many exchanges the present connection, or the last one, may have at a time. */",
                            """
                            private void moveOn() {
                                long span = next - oldest;
                                for (long c = oldest; c < next; c++) {
                                    byte state = states[slot(c)];
                                    span = state == FREE || state == SENT_QOS_1 ? span : 0;
                                }
                                if (span == 0) {
                                    return;
                                }
                                if (states.length < 2 * span) {
                                    resize(Integer.highestOneBit((int) (2 * span)) << 1);
                                }
                                for (long c = next - 1; c >= oldest; c--) {
                                    int from = slot(c);
                                    int to = slot(c + span);
                                    messages[to] = messages[from];
                                    targets[to] = targets[from];
                                    states[to] = states[from];
                                    entries[to] = entries[from];
                                    messages[from] = null;
                                    targets[from] = null;
                                    states[from] = FREE;
                                }
                                oldest += span;
                                next += span;
                            }

                            """)),
            Mutant.of(
                    "window-off-by-one-up",
                    "2, row 7: the window is the client's receive maximum, no more",
                    Patch.of(
                            "session/OutboundWindow.java",
                            "return sent < limit && resend == next &&",
                            "return sent <= limit && resend == next &&")),
            Mutant.of(
                    "window-off-by-one-down",
                    "2, row 7: the window is the client's receive maximum, no less: with 1 nothing is ever sent",
                    Patch.of(
                            "session/OutboundWindow.java",
                            "return sent < limit && resend == next &&",
                            "return sent < limit - 1 && resend == next &&")),
            Mutant.of(
                    "id-reused-while-in-use",
                    "2, row 7: the packet id is counter % 65535 + 1 and no two exchanges have the same."
                            + " Ids are counter % 5 + 1 here, and nothing keeps the window's span below that",
                    Patch.of(
                            "session/OutboundWindow.java",
                            "private static final int IDS = 65_535;",
                            "private static final int IDS = 5;"),
                    Patch.of(
                            "session/OutboundWindow.java",
                            "idsMax = stored ? IDS - BLOCK : IDS;",
                            "idsMax = Integer.MAX_VALUE;")),
            Mutant.of(
                    "double-release",
                    "4: one owner, one release. A large message that was queued is released twice when it is sent,"
                            + " so that the window holds one that is gone",
                    Patch.of("session/Session.java", """
                                message.release();
                            }
                            if (queue.isEmpty()) {
                            """, """
                                message.release();
                                message.release();
                            }
                            if (queue.isEmpty()) {
                            """)),
            Mutant.of(
                    "missing-release-on-the-drop-path",
                    "4: one owner, one release. A large message that its queue drops is never released",
                    Patch.of("session/SessionQueue.java", """
                            owner.drop(message, entry, reason);
                            if (message != null) {
                                message.release();
                            }
                            """, "owner.drop(message, entry, reason);")),
            Mutant.of(
                    "drop-oldest-drops-an-inflight-entry",
                    "8: DROP_OLDEST never drops what is in flight. Here the oldest of the window goes before those queued",
                    Patch.of("session/SessionQueue.java", """
                            if (!isFull(message, entry, 0, 0)) { // else nothing that can be dropped at once would make room for it
                            """, """
                            if (!isFull(message, entry, 0, 0)) {
                                if (owner instanceof Session with) {
                                    with.dropOldestInFlight();
                                }
                            """),
                    Patch.of("session/Session.java", "/** The transport takes more again. */", """
                            void dropOldestInFlight() {
                                long[] first = {-1};
                                window.forEach(counter -> {
                                    boolean own = window.message(counter) != null
                                            && window.target(counter).destination() == this;
                                    first[0] = own && first[0] < 0 ? counter : first[0];
                                });
                                if (first[0] >= 0) {
                                    String topic = window.message(first[0]).topic();
                                    loop.drops().count(clientId, topic, DropReason.QUEUE_FULL, 1);
                                    settle(first[0]);
                                    finish(first[0]);
                                    pump();
                                }
                            }

                            /** The transport takes more again. */
                            """)),
            Mutant.of(
                    "expiry-not-counted-down-in-the-queue",
                    "4, gate: what is sent carries the expiry of that moment, not that of its publish",
                    Patch.of(
                            "session/KeptMessage.java",
                            ": Math.max(1, Math.min(original.expirySeconds(), (expiresAtMs - nowMs + 999) / 1000));",
                            ": original.expirySeconds();")),
            Mutant.of(
                    "a-second-qos-2-overtakes-a-waiting-first",
                    "6, table: a QoS 2 PUBLISH that waits for sent holds back later QoS 2 of its session."
                            + " While one waits, the next are sent at once",
                    Patch.of("session/Session.java", "private @Nullable BitSet received;", """
                            private @Nullable BitSet received;
                            private int waitingForSent;
                            """),
                    Patch.of(
                            "session/Session.java",
                            "loop.gate().hold(ticket, () -> sendHeld(to, packetId, entry));",
                            """
                            if (waitingForSent > 0) {
                                sendHeld(to, packetId, entry);
                            } else {
                                waitingForSent++;
                                loop.gate().hold(ticket, () -> {
                                    waitingForSent--;
                                    sendHeld(to, packetId, entry);
                                });
                            }
                            """)));

    private OutboundMutants() {}
}
