package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** What sids stand for, in words: looked up for a few at the end, in one walk, instead of being kept for all. */
final class Names {
    private final Set<Long> wanted;
    private final Map<Long, String> names = new HashMap<>();

    private Names(Set<Long> wanted) {
        this.wanted = wanted;
    }

    /** The names of sessions and shared groups. */
    static Names of(Set<Long> sids, View view) throws StoreException {
        Names names = new Names(sids);
        if (!sids.isEmpty()) {
            view.scan(Space.SESSION, Keys.CLIENTS, Keys.AFTER_GROUPS, names::record);
        }
        return names;
    }

    private boolean record(ByteBuffer key, ByteBuffer value) {
        try {
            if (key.get(key.position()) == Keys.CLIENT) {
                long sid = StoredSession.read(value).sid();
                if (wanted.contains(sid)) {
                    names.put(sid, Names.client(key));
                }
            } else if (key.remaining() == Keys.SID_PREFIX_BYTES && wanted.contains(key.getLong(key.position() + 1))) {
                names.put(key.getLong(key.position() + 1), "group " + StoredGroup.read(value));
            }
        } catch (StoreException | RuntimeException damaged) {
            return true; // it has no name; that it is damaged is found elsewhere
        }
        return true;
    }

    /** The client of a session's record. */
    static String client(ByteBuffer key) {
        return "client " + Keys.text(key.duplicate().position(key.position() + 1));
    }

    /** The client or the group of a sid. */
    String of(long sid) {
        return names.getOrDefault(sid, "an ended session (number " + sid + ")");
    }
}
