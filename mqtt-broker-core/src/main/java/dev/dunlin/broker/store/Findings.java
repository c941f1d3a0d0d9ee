package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What an inspection finds. Damage is told record by record, up to a bound, and counted beyond it; what is left over, which a
 * start of the broker removes, is counted by kind, since one session that has ended may have left a million entries. One thread.
 */
final class Findings {
    /** How many damaged records are told. */
    static final int TOLD_MAX = 100;

    /** Of no session in particular. */
    static final long NOBODY = 0;

    private final List<Noted> damage = new ArrayList<>();
    private final Map<String, Long> leftOver = new LinkedHashMap<>();
    private long damaged;

    private record Noted(long sid, String text) {}

    /**
     * Something that no broker has written, or that is lost.
     *
     * @param sid of the session or group whose record it is, or {@link #NOBODY}
     */
    void damage(long sid, String text) {
        damaged++;
        if (damage.size() < TOLD_MAX) {
            damage.add(new Noted(sid, text));
        }
    }

    /** Something that nobody needs any more, of a kind in the plural. */
    void leftOver(String kind, long count) {
        if (count > 0) {
            leftOver.merge(kind, count, Long::sum);
        }
    }

    long damaged() {
        return damaged;
    }

    /** Sentences, with the names of clients and groups. */
    List<String> damage(View view) throws StoreException {
        Set<Long> sids =
                damage.stream().map(Noted::sid).filter(sid -> sid != NOBODY).collect(Collectors.toSet());
        Names names = Names.of(sids, view);
        return damage.stream()
                .map(each -> each.sid == NOBODY ? each.text : names.of(each.sid) + ": " + each.text)
                .toList();
    }

    /** Sentences, one for each kind. */
    List<String> leftOver() {
        return leftOver.entrySet().stream()
                .map(each -> each.getKey() + ": " + each.getValue())
                .toList();
    }
}
