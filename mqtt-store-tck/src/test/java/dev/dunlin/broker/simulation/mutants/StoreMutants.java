package dev.dunlin.broker.simulation.mutants;

import java.util.List;

/** The log of changes, its failures, the references to messages and the reading back of queues [section 6]. */
final class StoreMutants {
    static final List<Mutant> LIST = List.of(
            Mutant.of(
                    "message-deleted-while-an-entry-refers-to-it",
                    "6, records: the delete of a message goes with that of its last entry. Here with the last but one",
                    Patch.of("store/References.java", """
                            } else if (--count[0] == 0 && (swept || messageId >= bootTicket)) {
                                counts.remove(messageId);
                                delete(messageId, batch);
                            }
                            """, """
                            } else if (--count[0] <= 1 && (swept || messageId >= bootTicket)) {
                                if (count[0] == 0) {
                                    counts.remove(messageId);
                                }
                                delete(messageId, batch);
                            }
                            """)),
            Mutant.of(
                    "resubmitted-group-applied-twice",
                    "6, failures: after a reopening what is there is skipped. The last group that was there is written once"
                            + " more, behind three later ones",
                    Patch.of("store/CommitPipeline.java", "private boolean hopeless;", """
                            private boolean hopeless;
                            private @Nullable Group again;
                            private int groupsBehind;
                            """),
                    Patch.of("store/CommitPipeline.java", """
                                break;
                            }
                            written++;
                            """, """
                                break;
                            }
                            again = group;
                            groupsBehind = 0;
                            written++;
                            """),
                    Patch.of("store/CommitPipeline.java", """
                            group.clear();
                            spare.add(group);
                            """, """
                            if (group != again) {
                                group.clear();
                                spare.add(group);
                            }
                            """),
                    Patch.of("store/CommitPipeline.java", "engine.write(group.ops, sync);", """
                            engine.write(group.ops, sync);
                            if (again != null && again != group && ++groupsBehind == 3) {
                                engine.write(again.ops, sync);
                                again = null;
                            }
                            """)),
            Mutant.of(
                    "ticket-taken-outside-the-queue",
                    "6: the consumer never passes an unfilled position, so log order is ticket order. Here it passes every"
                            + " third that has another behind it, as if that were filled late, and takes it three groups"
                            + " later; only changes that bring no references, whose count goes by the ticket",
                    Patch.of("store/ChangeQueue.java", """
                            @Nullable
                            Change take() {
                            """, """
                            @Nullable
                            Change take() {
                                Change change = takeFilled();
                                if (change == null) {
                                    lateFor += late == null ? 0 : 1;
                                    Change due = lateFor > 3 ? late : null;
                                    if (due != null) {
                                        late = null;
                                        lateFor = 0;
                                    }
                                    return due;
                                }
                                if (late != null || lastTaken() % 3 != 0 || change.references() > 0) {
                                    return change;
                                }
                                Change behind = takeFilled();
                                if (behind == null) {
                                    return change;
                                }
                                late = change;
                                return behind;
                            }

                            private @Nullable Change late;
                            private int lateFor;

                            private @Nullable Change takeFilled() {
                            """),
                    Patch.of(
                            "store/ChangeQueue.java",
                            "return chunk.slots.get((int) (taking - chunk.first)) == null;",
                            """
                            lateFor = late == null ? 0 : 3;
                            return late == null && chunk.slots.get((int) (taking - chunk.first)) == null;
                            """)),
            Mutant.of(
                    "an-entry-delivered-from-both-page-and-mailbox",
                    "6: a range scan serves only entries older than this process. Here the first page has newer ones too, if"
                            + " they carry their message: two deletes of the others would be two releases",
                    Patch.of(
                            "session/SessionLoad.java",
                            "reader.entries(0, store.bootTicket(), sequences)",
                            "reader.entries(0, Long.MAX_VALUE, sequences)"),
                    Patch.of("session/SessionQueue.java", "if (underWay.contains(stored.sequence())) {", """
                            boolean newer = store != null && stored.sequence() >= store.bootTicket();
                            if ((newer && stored.messageId() != StoredEntry.INLINE)
                                    || underWay.contains(stored.sequence())) {
                            """)),
            Mutant.of(
                    "head-hint-persisted",
                    "6: head hints live in memory only. One is stored with every QoS 1 entry that leaves the queue's head and with"
                            + " every entry that goes, and the older entries are read from behind it: those that were under"
                            + " way at a crash, or queued before one that was dropped, are never seen again",
                    Patch.of("session/Session.java", "int packetId = window.add(message, target, state, entry);", """
                            int packetId = window.add(message, target, state, entry);
                            if (target.destination() == this) {
                                log.headBehind(entry);
                            }
                            """),
                    Patch.of("session/SessionLog.java", "/** An outbound QoS 2 exchange is over. */", """
                            void headBehind(long entry) {
                                if (changes != null && entry != EntryId.NONE) {
                                    changes.headBehind(entry);
                                }
                            }

                            """),
                    Patch.of("store/SessionChanges.java", """
                            to.delete(Space.QUEUE).u64(sid).u64(EntryId.sequence(entry)).end();
                            referenceGone(entry);
                            """, """
                            to.delete(Space.QUEUE).u64(sid).u64(EntryId.sequence(entry)).end();
                            headBehind(entry);
                            referenceGone(entry);
                            }

                            public void headBehind(long entry) {
                                to.put(Space.META)
                                        .text("head")
                                        .u64(sid)
                                        .value()
                                        .u64(EntryId.sequence(entry) + 1)
                                        .end();
                            """),
                    Patch.of("store/SessionReader.java", """
                            List<StoredEntry> found = new ArrayList<>();
                            view.scan(Space.QUEUE, Keys.entry(sid, from), Keys.entry(sid, to), (key, value) -> {
                            """, """
                            List<StoredEntry> found = new ArrayList<>();
                            byte[] name = {'h', 'e', 'a', 'd'};
                            ByteBuffer hint = view.get(
                                    Space.META,
                                    ByteBuffer.allocate(12).put(name).putLong(sid).array());
                            long head = hint == null ? from : Math.max(from, hint.getLong(hint.position()));
                            view.scan(Space.QUEUE, Keys.entry(sid, head), Keys.entry(sid, to), (key, value) -> {
                            """)),
            Mutant.of(
                    "failed-write-retried-in-place",
                    "6, failures: a failed write has an unknown outcome: the engine is closed and opened again, unless its"
                            + " traits say that FULL leaves no trace",
                    Patch.of(
                            "store/LiveEngine.java",
                            "return failure.kind() == Kind.FULL && open().traits().failedWriteLeavesNoTrace();",
                            "return failure.kind() == Kind.FULL || failure.kind() == Kind.IO;")),
            Mutant.of(
                    "failed-sync-reopened-and-trusted",
                    "6, failures: after a reopening lastTicket is compared, what is missing is written again, and all is"
                            + " synced. Here all groups that were under way are taken for written, and for synced",
                    Patch.of("store/CommitPipeline.java", """
                            if (group.lastTicket > there) {
                                break;
                            }
                            written++;
                            """, "written++;"),
                    Patch.of("store/CommitPipeline.java", """
                            } else if (failing) {
                                syncAll(nowMs);
                            }
                            """, """
                            } else if (failing) {
                                synced();
                            }
                            """)),
            Mutant.of(
                    "a-change-split-over-two-groups",
                    "6: a change is never split. Here the first operation of each one closes a group, without the change's"
                            + " ticket, and the others begin the next",
                    Patch.of("store/CommitPipeline.java", "private boolean hopeless;", """
                            private boolean hopeless;
                            private @Nullable Change rest;
                            """),
                    Patch.of("store/CommitPipeline.java", """
                            Group group = gathering();
                            while (takeNext()) {
                                group.add(
                            """, """
                            Group group = gathering();
                            boolean split = false;
                            while (takeNext()) {
                                Change whole = Objects.requireNonNull(taken);
                                if (whole != rest && whole.count() > 1 && whole.large() == null) {
                                    java.nio.ByteBuffer ops = java.nio.ByteBuffer.wrap(whole.ops());
                                    int first = OpBuffer.HEADER_BYTES + ops.getInt(2) + ops.getInt(6);
                                    group.ops.append(whole.ops(), first, 1);
                                    group.bytes += first;
                                    byte[] others = java.util.Arrays.copyOfRange(whole.ops(), first, whole.opsBytes());
                                    rest = new Change(
                                            others,
                                            others.length,
                                            whole.count() - 1,
                                            whole.references(),
                                            whole.released(),
                                            null);
                                    taken = rest;
                                    split = true;
                                    break;
                                }
                                group.add(
                            """),
                    Patch.of(
                            "store/CommitPipeline.java",
                            "group.close(queue.lastTaken(), time.wallMs());",
                            "group.close(split ? queue.lastTaken() - 1 : queue.lastTaken(), time.wallMs());"),
                    Patch.of(
                            "store/CommitPipeline.java",
                            "while (!hopeless && (!queue.isEmpty() || gathering != null ||",
                            "while (!hopeless && (!queue.isEmpty() || gathering != null || taken != null ||")),
            Mutant.of(
                    "a-policy-drop-not-deleted-in-the-store",
                    "6, table: a session drops: its entry is deleted. Not that of one that its queue had no room for, or that is"
                            + " too large for its client",
                    Patch.of("session/Session.java", """
                            message.topic(), reason, 1);
                            log.entryGone(entry);
                            """, """
                            message.topic(), reason, 1);
                            if (reason != DropReason.QUEUE_FULL && reason != DropReason.PACKET_TOO_LARGE) {
                                log.entryGone(entry);
                            }
                            """)));

    private StoreMutants() {}
}
