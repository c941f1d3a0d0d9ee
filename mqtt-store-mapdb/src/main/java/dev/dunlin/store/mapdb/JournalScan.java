package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.store.mapdb.Current.Stamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the journal from a generation on, without changing anything: which groups follow each other without a gap, and where
 * that ends. An end that is no whole group is the usual trace of a crash, unless something behind it shows that it was on the
 * disk: a group that says so ({@link Group#syncedThrough}), or a later segment, which is begun when the one before is synced.
 */
final class JournalScan {
    private final Path dir;
    private final Values values;
    private final List<Found> groups = new ArrayList<>();
    private final Set<Long> needed = new HashSet<>();
    private long lastGroup;
    private long durable;
    private long lastSeen;
    private long bytes;
    private long bytesBehind;
    private @Nullable String end;
    private boolean gap;
    private @Nullable ByteBuffer buffer;

    /** A group that counts: where it begins. */
    record Found(long segment, int at, Group group, long salt) {}

    private JournalScan(Path dir, Values values, long lastGroup) {
        this.dir = dir;
        this.values = values;
        this.lastGroup = lastGroup;
        durable = lastGroup;
        lastSeen = lastGroup;
    }

    /** Reads what follows a generation. */
    static JournalScan of(Path dir, Values values, Stamp base, long lastSegment) throws IOException, StoreException {
        JournalScan scan = new JournalScan(dir, values, base.lastGroup());
        for (long number = base.number(); number <= lastSegment && !scan.gap; number++) {
            scan.readSegment(number);
        }
        return scan;
    }

    private void readSegment(long number) throws IOException, StoreException {
        Path file = dir.resolve(Names.JOURNAL.of(number));
        if (!Files.exists(file)) {
            breakOff(file.getFileName() + " is missing");
            return;
        }
        ByteBuffer content = read(file);
        bytes += content.limit();
        Segment.Header header = Segment.Header.decode(content);
        if (header == null || header.number() != number) {
            breakOff("the header of " + file.getFileName() + " is damaged");
            return;
        }
        int at = Segment.HEADER_BYTES;
        Group group = Group.header(content, at, header.salt());
        while (group != null && !gap && isWhole(group, content, at, header.salt())) {
            add(new Found(number, at, group, header.salt()), file);
            at += (int) group.bytes();
            group = Group.header(content, at, header.salt());
        }
        if (!gap) {
            lookBehind(file, content, at, header.salt());
        }
    }

    private boolean isWhole(Group group, ByteBuffer content, int at, long salt) throws StoreException {
        if (!group.isWhole(content, at, salt)) {
            return false;
        }
        List<ValueRef> references = group.references(content, at);
        // With the same content under its number, a group that was cut would be whole at the next opening.
        references.forEach(values::leaveOut);
        for (ValueRef value : references) {
            if (!values.isSound(value)) {
                return false;
            }
        }
        for (ValueRef value : references) {
            needed.add(value.number());
            bytes += value.bytes();
        }
        return true;
    }

    private void add(Found found, Path file) {
        Group group = found.group;
        if (group.number() > lastGroup + 1) {
            breakOff("before byte " + found.at + " of " + file.getFileName() + " the groups " + (lastGroup + 1) + " to "
                    + (group.number() - 1) + " are missing");
            return;
        }
        if (group.number() <= lastGroup) {
            return; // it was repeated at an opening
        }
        lastGroup = group.number();
        lastSeen = Math.max(lastSeen, lastGroup);
        durable = Math.max(durable, group.syncedThrough());
        groups.add(found);
        end = null;
        bytesBehind = 0;
    }

    /** What is behind the last whole group of a segment: nothing, the rest of an earlier use, or groups behind a damaged one. */
    private void lookBehind(Path file, ByteBuffer content, int from, long salt) {
        for (int at = from; at <= content.limit() - Group.HEADER_BYTES; at += Group.ALIGNMENT) {
            Group group = Group.header(content, at, salt);
            if (group == null || group.number() <= lastGroup) {
                continue;
            }
            if (end == null) {
                end = "the group at byte " + from + " of " + file.getFileName() + " is damaged or not whole";
            }
            lastSeen = Math.max(lastSeen, group.number());
            durable = Math.max(durable, group.syncedThrough());
            bytesBehind += Math.min(group.bytes(), content.limit() - at);
        }
    }

    private void breakOff(String why) {
        end = end == null ? why : end;
        gap = true;
    }

    private ByteBuffer read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            int size = Math.toIntExact(channel.size());
            ByteBuffer content = buffer;
            if (content == null || content.capacity() < size) {
                content = ByteBuffer.allocateDirect(size);
                buffer = content;
            }
            content.clear().limit(size);
            while (content.hasRemaining() && channel.read(content) >= 0) {
                // goes on until all of it has been read
            }
            return content.flip();
        }
    }

    /** The last group of the sound prefix. */
    long lastGroup() {
        return lastGroup;
    }

    /** The last group of which anything is known. */
    long lastSeen() {
        return lastSeen;
    }

    /** The last group that was on the disk for certain. */
    long durable() {
        return Math.min(durable, lastGroup);
    }

    /** What the segments occupy, however little is in them, and the values that their groups name. */
    long bytes() {
        return bytes;
    }

    /** Whole and damaged groups behind the prefix, as far as they can be told from nothing. */
    long bytesBehind() {
        return bytesBehind;
    }

    /** Why it ends where it does, in words; null if nothing is behind. */
    @Nullable
    String end() {
        return end;
    }

    /** Whether something behind the prefix was on the disk for certain. */
    boolean hasLost() {
        return gap || durable > lastGroup;
    }

    /** Numbers of the values of all groups, repeated ones too: without them these would not be whole. */
    Set<Long> needed() {
        return needed;
    }

    /** Takes the groups of the prefix. */
    @FunctionalInterface
    interface Visitor {
        /** Takes a group; both are borrowed. */
        void group(Group group, ByteBuffer operations, List<ValueRef> references) throws IOException, StoreException;
    }

    /** Reads the groups of the prefix once more, each segment once. */
    void forEach(Visitor visitor) throws IOException, StoreException {
        long segment = -1;
        ByteBuffer content = ByteBuffer.allocate(0);
        for (Found found : groups) {
            if (found.segment != segment) {
                segment = found.segment;
                content = read(dir.resolve(Names.JOURNAL.of(segment)));
            }
            visitor.group(
                    found.group, found.group.operations(content, found.at), found.group.references(content, found.at));
        }
    }
}
