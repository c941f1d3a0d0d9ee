package dev.dunlin.broker.simulation.mutants;

import java.util.List;

/** What overtakes, what stands still, and what reaches a subscriber that it shouldn't [sections 3 and 5]. */
final class OrderMutants {
    static final List<Mutant> LIST = List.of(
            Mutant.of(
                    "order-swapped-in-a-mailbox-batch",
                    "3, order: one FIFO per target loop. Of two publishes that wait in the mailbox the second goes first",
                    Patch.of(
                            "session/SessionLoop.java",
                            "Entry entry = unfinished.isEmpty() ? mailbox.poll() : unfinished.poll();",
                            """
                            boolean fresh = unfinished.isEmpty();
                            Entry entry = fresh ? mailbox.poll() : unfinished.poll();
                            Entry behind = fresh ? mailbox.peek() : null;
                            if (entry != null && entry.message != null && behind != null && behind.message != null) {
                                unfinished.addFirst(entry);
                                entry = mailbox.poll();
                            }
                            """)),
            Mutant.of(
                    "order-broken-between-queue-drain-and-live",
                    "6: a session's queue is what its loop was handed, in that order. Here what is new is sent past a queue"
                            + " that isn't drained yet: while a page is being read back, and because after PUBACK and CONNACK"
                            + " the queue is pumped behind what waits in the mailbox",
                    Patch.of(
                            "session/Session.java",
                            "} else if (queue.isEmpty() && canSend()) {",
                            "} else if (canSend()) {"),
                    Patch.of("session/Session.java", """
                            members.attached(connection.restriction());
                            }
                            pump();
                            """, """
                            members.attached(connection.restriction());
                            }
                            loop.execute(this::pump);
                            """),
                    Patch.of("session/Session.java", """
                            require(window.state(counter) == OutboundWindow.SENT_QOS_1, "PUBACK for a QoS 2 message");
                            countRejected(counter, reason);
                            settle(counter);
                            finish(counter);
                            pump();
                            """, """
                            require(window.state(counter) == OutboundWindow.SENT_QOS_1, "PUBACK for a QoS 2 message");
                            countRejected(counter, reason);
                            settle(counter);
                            finish(counter);
                            loop.execute(this::pump);
                            """)),
            Mutant.of(
                    "retained-set-after-hand-over",
                    "5, retained: value and ticket are in the index before the match. Here they come 20 ms after it; but"
                            + " large ones at once, because a timer that never runs would leak their buffers",
                    Patch.of("session/Router.java", """
                            long ticket = store == null ? core.newTicket() : submitRetained(message);
                            KeptMessage replaced;
                            """, """
                            long ticket = store == null ? core.newTicket() : submitRetained(message);
                            if (message.frame().isLarge()) {
                                setRetained(message, ticket);
                            } else {
                                loop.schedule(20, () -> setRetained(message, ticket));
                            }
                            return ticket;
                            }

                            private void setRetained(KeptMessage message, long ticket) {
                            KeptMessage replaced;
                            """),
                    Patch.of("session/Router.java", """
                            if (message.payloadBytes() == 0 && ++removals % REMOVALS_PER_CLEANING == 0) {
                                core.forgetOldRemovals();
                            }
                            return ticket;
                            """, "")),
            Mutant.of(
                    "retained-replay-overtaken-by-an-older-live-message",
                    "5, retained: the replay skips values above the counter, because their live copy follows, and comes"
                            + " behind what is queued. Here it does neither: older live messages follow a newer value",
                    Patch.of("session/RetainedReplay.java", "} else if (ticket <= lastTicket) {", "} else {"),
                    Patch.of("session/Session.java", "while (canSend() && queue.isReady()) {", """
                            replays().pump(nowMs);
                            while (canSend() && queue.isReady()) {
                            """)),
            Mutant.of(
                    "wake-up-lost-when-a-mailbox-refills-during-drain",
                    "3, the turn: canBlock only with an empty mailbox. What came while it was drained, beyond the turn's"
                            + " budget, doesn't keep the loop awake",
                    Patch.of(
                            "session/SessionLoop.java",
                            "return mailbox.isEmpty() && unfinished.isEmpty()",
                            "return unfinished.isEmpty()")),
            Mutant.of(
                    "a-direct-delivery-overtakes-a-deferred-fan-out",
                    "3, order: while a loop has unfinished deliveries everything queues behind them."
                            + " Here its own go first, whatever the turn's budget",
                    Patch.of(
                            "session/SessionLoop.java",
                            "int done = unfinished.isEmpty() ? deliver(message, targets, stored, 0) : 0;",
                            """
                            deliveriesLeft = unfinished.isEmpty() ? deliveriesLeft : targets.length;
                            int done = deliver(message, targets, stored, 0);
                            """)),
            Mutant.of(
                    "a-control-event-overtakes-a-publish",
                    "3, order: control events queue behind unfinished deliveries. Here a lost connection, a takeover or a"
                            + " timer comes before them, and so does the will that it publishes",
                    Patch.of("session/SessionLoop.java", """
                            if (unfinished.isEmpty()) {
                                task.run();
                            } else {
                                unfinished.add(new Entry(task));
                            }
                            """, """
                            ArrayDeque<Entry> overtaken = new ArrayDeque<>(unfinished);
                            unfinished.clear();
                            try {
                                task.run();
                            } finally {
                                unfinished.addAll(overtaken);
                            }
                            """)),
            Mutant.of(
                    "a-late-interceptor-answer-routed-after-a-takeover",
                    "3, order: late answers carry their connection's epoch, those of a closed one are dropped. There are no"
                            + " interceptors yet: the answer that comes late is that the store is well again, for the"
                            + " publish of a 3.x client that waits for it; not for a large one, which would leak at the end",
                    Patch.of("session/InboundPublishes.java", """
                            if (out.isClosed()) {
                                given.release();
                            }
                            """, """
                            if (out.isClosed()) {
                                if (given.qos() == QoS.AT_LEAST_ONCE) {
                                    loop.router().route(given, InboundPublishes.this);
                                }
                                given.release();
                            }
                            """),
                    Patch.of("session/InboundPublishes.java", """
                            if (last != null) {
                                last.forget();
                            }
                            """, """
                            if (last != null && last.message != null && last.message.frame().isLarge()) {
                                last.forget();
                            }
                            """)),
            Mutant.of(
                    "resume-without-decoding-what-is-cumulated",
                    "3, pausing: a resumed connection first decodes what is cumulated, since reading brings only new bytes."
                            + " Here it waits until some come",
                    Patch.of("net/Connection.java", "decoder.decode(received);", """
                            decoder.decode(received);
                            if (pauses == 0) {
                                decoder.resume();
                            }
                            """),
                    Patch.of("net/Connection.java", """
                            if (!decoding) { // else the decoder goes on by itself
                                decode(null); // what is cumulated comes first: setAutoRead brings only new bytes
                            }
                            """, "")),
            Mutant.of(
                    "cache-generation-bumped-before-the-tree",
                    "5: change the tree, then bump the generation, then SUBACK. A publisher who keeps the targets of a tree"
                            + " that was changed once since has matched between bump and change",
                    Patch.of(
                            "session/Router.java",
                            "return targets.generation() == core.subscriptions.generation();",
                            "return targets.generation() >= core.subscriptions.generation() - 1;")));

    private OrderMutants() {}
}
