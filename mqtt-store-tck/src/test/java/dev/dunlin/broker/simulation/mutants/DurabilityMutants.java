package dev.dunlin.broker.simulation.mutants;

import java.util.List;

/** What is said before it is durable, or not written at all [section 6 of the architecture]. */
final class DurabilityMutants {
    private static final String MAY_LEAVE = "if (replies.mayLeave()) { // no object is made when nothing is held back";

    static final List<Mutant> LIST = List.of(
            Mutant.of(
                    "ack-before-commit",
                    "6, table: PUBACK waits for message and entries",
                    Patch.of(
                            "session/InboundPublishes.java",
                            MAY_LEAVE,
                            "if (type == PacketType.PUBACK || replies.mayLeave()) {")),
            Mutant.of(
                    "pubrec-before-received-is-stored",
                    "6, table: PUBREC waits for the change with received(packetId)",
                    Patch.of(
                            "session/InboundPublishes.java",
                            MAY_LEAVE,
                            "if (type == PacketType.PUBREC || replies.mayLeave()) {")),
            Mutant.of(
                    "pubcomp-before-its-delete",
                    "6, table: PUBCOMP waits for the delete of received(packetId)",
                    Patch.of(
                            "session/InboundPublishes.java",
                            MAY_LEAVE,
                            "if (type == PacketType.PUBCOMP || replies.mayLeave()) {")),
            Mutant.of(
                    "qos-2-sent-before-sent",
                    "6, table: the first PUBLISH of QoS 2 waits for sent(seq, packetId)",
                    Patch.of(
                            "session/Session.java",
                            "loop.gate().hold(ticket, () -> sendHeld(to, packetId, entry));",
                            "sendHeld(to, packetId, entry);")),
            Mutant.of(
                    "reply-for-work-already-done-leaves-early",
                    "6: every reply waits for the last ticket of its session, also when it finds its work already done",
                    Patch.of(
                            "session/InboundPublishes.java",
                            "acknowledge(PacketType.PUBREC, packetId, ReasonCode.SUCCESS);",
                            """
                            append(PacketType.PUBREC, packetId, ReasonCode.SUCCESS, "");
                            """),
                    Patch.of("session/InboundPublishes.java", """
                                session.log.forgotten(packetId);
                            } // else most likely its PUBCOMP was lost: it is repeated as it was
                            """, """
                                session.log.forgotten(packetId);
                            } else {
                                append(PacketType.PUBCOMP, packetId, ReasonCode.SUCCESS, "");
                                return;
                            }
                            """)),
            Mutant.of(
                    "resumed-connect-not-written",
                    "6, table: CONNECT resumes: its record (connected, expiry, will) is written and CONNACK waits for it",
                    Patch.of("session/SessionLog.java", """
                            packetsReserved = nextPacket() + OutboundWindow.BLOCK;
                            record(true);
                            submit();
                            """, "packetsReserved = nextPacket() + OutboundWindow.BLOCK;")),
            Mutant.of(
                    "no-bound-on-the-pipeline-of-a-hung-engine",
                    "6, bounds: above its bytes and its age publishing channels pause. Nobody pauses for the store here",
                    Patch.of("session/InboundPublishes.java", """
                            if (stored && store != null && store.isCrowded()) { // who writes nothing has nothing to wait for
                                waitForStore(store);
                            }
                            """, "")),
            Mutant.of(
                    "will-and-its-removal-in-two-changes",
                    "6, table: a will that fires and its removal, or that of its session, are one change."
                            + " The second change comes 300 ms later, so that something can happen in between",
                    Patch.of("session/Sessions.java", """
                            public void stage(QoS qos) {
                                if (session.ended) {
                            """, """
                            public void stage(QoS qos) {}

                            void removed() {
                                if (session.ended) {
                            """),
                    Patch.of("session/Sessions.java", """
                            if (loop.router().route(message, will.message().qos(), from).isError()) {
                                from.stage(message.qos()); // refused, and gone all the same
                            }
                            """, """
                            loop.router().route(message, will.message().qos(), from);
                            loop.schedule(300, from::removed);
                            """)));

    private DurabilityMutants() {}
}
