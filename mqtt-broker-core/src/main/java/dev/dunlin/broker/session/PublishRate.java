package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the publishes of one connection to their rate: whoever goes above it is read no further until that is paid for. The
 * publish with which this happens is taken in, so that who keeps to the rate never waits; nothing is dropped, and what was
 * read is acknowledged as ever. Loop only.
 *
 * <p>Reading goes on after 10 ms at the earliest, with what has come together by then: at a high rate a timer for each
 * publish would cost more than the publish.
 */
final class PublishRate {
    private static final long PAUSE_MS_MIN = 10;

    /** A closed connection is looked after for no longer than this. */
    private static final long PAUSE_MS_MAX = 1000;

    private final SessionLoop loop;
    private final Link link;
    private final @Nullable TokenBucket publishes;
    private final @Nullable TokenBucket bytes;
    private boolean paused;
    private boolean closed;

    PublishRate(Allowance allowance, SessionLoop loop, Link link) {
        this.loop = loop;
        this.link = link;
        publishes = bucket(allowance.publishesPerSecond(), loop);
        bytes = bucket(allowance.publishBytesPerSecond(), loop);
    }

    private static @Nullable TokenBucket bucket(long perSecond, SessionLoop loop) {
        return perSecond == 0 ? null : new TokenBucket(perSecond, loop.nowMs());
    }

    /** A publish of so many bytes in all is taken in. */
    void spend(int packetBytes) {
        assert loop.inLoop();
        spend(publishes, 1);
        spend(bytes, packetBytes);
        if (!paused && debtMs() > 0) {
            paused = true;
            tellLimit();
            link.pause(PauseReason.RATE);
            goOnLater();
        }
    }

    private void tellLimit() {
        Events events = loop.events();
        if (events != null) {
            String limit = debtMs(publishes) > 0 ? "publishesPerSecondMax" : "publishBytesPerSecondMax";
            events.limit(link.client().clientId(), limit, "it is read no further for a while");
        }
    }

    private void spend(@Nullable TokenBucket from, int tokens) {
        if (from != null) {
            from.spend(tokens, loop.nowMs());
        }
    }

    private long debtMs() {
        return Math.max(debtMs(publishes), debtMs(bytes));
    }

    private long debtMs(@Nullable TokenBucket of) {
        return of == null ? 0 : of.debtMs(loop.nowMs());
    }

    private void goOnLater() {
        loop.schedule(Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS_MIN, debtMs())), this::goOn);
    }

    private void goOn() {
        if (closed) {
            return;
        }
        if (debtMs() > 0) {
            goOnLater();
        } else {
            paused = false;
            link.resume(PauseReason.RATE);
        }
    }

    /** The connection is gone. */
    void close() {
        closed = true;
    }
}
