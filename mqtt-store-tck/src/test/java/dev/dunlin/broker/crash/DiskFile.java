package dev.dunlin.broker.crash;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** The content of a file of a {@link Disk}: what is certain, and the changes since. */
final class DiskFile {
    private static final int PAGE_BYTES = 4_096;

    private byte[] bytes;
    private int certainLength;
    private final List<Change> changes = new ArrayList<>();
    private long length;

    /** Bytes that were written, or if there are none a new length. Never compared. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Change(long at, byte[] data, boolean resizes, int end) {}

    /** What is left of a file, and how many bytes of its changes are not. Never compared. */
    @SuppressWarnings("ArrayRecordComponent")
    record Left(byte[] bytes, long lostBytes) {}

    /** What becomes of the pages that were written and not synced. Asked for each, in the order of the writes. */
    interface Fate {
        Fate LOST = (index, count) -> Outcome.LOST;

        Outcome of(int index, int count);

        /** One of those that a disk may have for its pages: none, the first, the last, any; sometimes with garbage. */
        static Fate of(Random random) {
            int kind = random.nextInt(5);
            double share = random.nextDouble();
            return (index, count) -> switch (kind) {
                case 0 -> Outcome.LOST;
                case 1 -> index < share * count ? Outcome.KEPT : Outcome.LOST;
                case 2 -> index < share * count ? Outcome.KEPT : Outcome.GARBAGE;
                case 3 -> index >= share * count ? Outcome.KEPT : Outcome.LOST;
                default -> random.nextBoolean() ? Outcome.KEPT : Outcome.LOST;
            };
        }
    }

    enum Outcome {
        KEPT,
        /** What was there before is there again. */
        LOST,
        GARBAGE
    }

    DiskFile(byte[] certain) {
        bytes = certain;
        certainLength = certain.length;
        length = certain.length;
    }

    /** As a process sees it. */
    long length() {
        return length;
    }

    void write(long at, byte[] data, int end) {
        changes.add(new Change(at, data, false, end));
        length = Math.max(length, at + data.length);
    }

    void resize(long newLength, int end) {
        changes.add(new Change(newLength, new byte[0], true, end));
        length = newLength;
    }

    /** A sync has returned that had begun then. */
    void synced(int begin) {
        Growing content = new Growing(bytes, certainLength);
        int certain = 0;
        while (certain < changes.size() && changes.get(certain).end < begin) {
            content.apply(changes.get(certain++));
        }
        changes.subList(0, certain).clear();
        bytes = content.bytes;
        certainLength = content.length;
    }

    /** Whether these are its bytes with all changes. */
    boolean isAll(byte[] others) {
        return Arrays.equals(leave((index, count) -> Outcome.KEPT).bytes, others);
    }

    Left leave(Fate fate) {
        Growing content = new Growing(Arrays.copyOf(bytes, certainLength), certainLength);
        int count = changes.stream().mapToInt(DiskFile::pages).sum();
        int index = 0;
        long lost = 0;
        for (Change change : changes) {
            if (change.resizes) {
                if (fate.of(index++, count) == Outcome.KEPT) {
                    content.apply(change);
                }
                continue;
            }
            for (int from = 0; from < change.data.length; ) {
                int to = Math.min(change.data.length, from + PAGE_BYTES - (int) ((change.at + from) % PAGE_BYTES));
                byte[] page = Arrays.copyOfRange(change.data, from, to);
                Outcome outcome = fate.of(index++, count);
                if (outcome == Outcome.GARBAGE) {
                    new Random(index).nextBytes(page);
                }
                if (outcome == Outcome.LOST) {
                    lost += page.length;
                } else {
                    content.apply(new Change(change.at + from, page, false, change.end));
                }
                from = to;
            }
        }
        return new Left(Arrays.copyOf(content.bytes, content.length), lost);
    }

    private static int pages(Change change) {
        int first = (int) (change.at % PAGE_BYTES);
        return change.resizes ? 1 : (first + change.data.length + PAGE_BYTES - 1) / PAGE_BYTES;
    }

    /** Bytes with a length that grows and shrinks. */
    private static final class Growing {
        byte[] bytes;
        int length;

        Growing(byte[] bytes, int length) {
            this.bytes = bytes;
            this.length = length;
        }

        void apply(Change change) {
            if (change.resizes) {
                resize((int) change.at);
            } else {
                resize(Math.max(length, (int) change.at + change.data.length));
                System.arraycopy(change.data, 0, bytes, (int) change.at, change.data.length);
            }
        }

        private void resize(int newLength) {
            if (newLength > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(newLength, 2 * bytes.length));
            }
            if (newLength < length) {
                Arrays.fill(bytes, newLength, length, (byte) 0);
            }
            length = newLength;
        }
    }
}
