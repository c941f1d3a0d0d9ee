package dev.dunlin.broker.session;

import java.util.ArrayList;
import java.util.List;

/**
 * The connections of one loop that have to be heard of from time to time. Loop only.
 *
 * <p>A wheel: a connection lies in the slot of the time at which it is looked at next, at the latest after one turn of the
 * wheel; one that was heard of meanwhile is moved on then. So a packet costs its connection a time stamp, a connection costs
 * the wheel a reference, and a loop has one timer, however many connections it has, and none without any. The price is that
 * an end is noticed up to {@value #TICK_MS} ms late; it never is early.
 */
public final class KeepAlives {
    /** The place of what isn't watched. */
    public static final int NOWHERE = -1;

    static final int TICK_MS = 250;
    static final int SLOTS = 256;

    /** What is watched. It remembers its place in the wheel for it. */
    public interface Watched {
        /**
         * Looks whether it was heard of in time, and ends it if it wasn't.
         *
         * @return in how many milliseconds to look again; 0 or less if it has ended
         */
        long check();

        /** Where it lies in the wheel; {@link #NOWHERE} at first. */
        int place();

        /** It lies there now. */
        void place(int place);
    }

    private final SessionLoop loop;
    private final List<List<Watched>> slots = new ArrayList<>(SLOTS);
    private int size;

    /** The tick whose slot is looked at next, and has perhaps been looked at before: not all in it was over then. */
    private long next;

    private boolean ticking;

    KeepAlives(SessionLoop loop) {
        this.loop = loop;
        for (int i = 0; i < SLOTS; i++) {
            slots.add(new ArrayList<>(0));
        }
    }

    /** How many are watched. */
    int size() {
        return size;
    }

    /**
     * Watches from now on what isn't watched yet.
     *
     * @param afterMs in how many milliseconds to look first
     */
    public void add(Watched watched, long afterMs) {
        assert loop.inLoop() && watched.place() == NOWHERE;
        if (size == 0) {
            next = tickOf(loop.nowMs());
        }
        long tick = Math.min(tickOf(loop.nowMs() + afterMs), next + SLOTS - 1);
        int slot = slotOf(tick);
        List<Watched> in = slots.get(slot);
        watched.place(in.size() * SLOTS + slot);
        in.add(watched);
        size++;
        if (!ticking) {
            loop.schedule(TICK_MS, this::tick);
            ticking = true;
        }
    }

    /** Watches no more; does nothing for what isn't watched. */
    public void remove(Watched watched) {
        int place = watched.place();
        if (place == NOWHERE) {
            return;
        }
        assert loop.inLoop();
        List<Watched> in = slots.get(place % SLOTS);
        Watched last = in.remove(in.size() - 1);
        if (last != watched) {
            in.set(place / SLOTS, last);
            last.place(place);
        }
        watched.place(NOWHERE);
        size--;
    }

    private void tick() {
        ticking = false; // and stays so if there is no memory for another timer: the next to be added tries again
        if (size > 0) {
            loop.schedule(TICK_MS, this::tick);
            ticking = true;
        }
        long now = tickOf(loop.nowMs());
        long first = Math.max(next, now - SLOTS + 1);
        next = now;
        for (long tick = first; tick <= now; tick++) {
            look(slotOf(tick));
        }
    }

    private void look(int slot) {
        List<Watched> due = slots.get(slot);
        if (due.isEmpty()) {
            return;
        }
        slots.set(slot, new ArrayList<>(0)); // the old one may be as large as a crowd that came at once
        size -= due.size();
        due.forEach(each -> each.place(NOWHERE));
        due.forEach(each -> SessionLoop.runGuarded(() -> look(each)));
    }

    private void look(Watched at) {
        long leftMs = at.check();
        if (leftMs > 0) {
            add(at, leftMs);
        }
    }

    private static long tickOf(long ms) {
        return Math.floorDiv(ms, (long) TICK_MS);
    }

    private static int slotOf(long tick) {
        return Math.floorMod(tick, SLOTS);
    }
}
