package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Features;
import dev.dunlin.broker.spi.Limits;
import org.jspecify.annotations.Nullable;

/**
 * What one connection may do: the bounds of its listener, and how fast it may publish, which an authenticator may have said
 * for its client. Those of a listener share one.
 *
 * @param limits the listener's, or else the broker's
 * @param publishesPerSecond 0 for any number
 * @param publishBytesPerSecond 0 for any number
 * @param restriction of its listener; null for none
 */
public record Allowance(
        Limits limits,
        int publishesPerSecond,
        long publishBytesPerSecond,
        @Nullable Restriction restriction) {

    /** What everybody may who comes this way. */
    public static Allowance of(Limits limits, Features features) {
        return new Allowance(
                limits, limits.publishesPerSecondMax(), limits.publishBytesPerSecondMax(), Restriction.of(features));
    }

    /** What this client may: the same, unless its authenticator says otherwise. */
    public Allowance of(AuthResult.Accepted client) {
        AuthResult.PublishRate own = client.publishRate();
        return own == null ? this : new Allowance(limits, own.perSecond(), own.bytesPerSecond(), restriction);
    }

    /** The rate of a new connection; null if it has none to keep. */
    @Nullable
    PublishRate publishRate(SessionLoop loop, Link link) {
        return publishesPerSecond == 0 && publishBytesPerSecond == 0 ? null : new PublishRate(this, loop, link);
    }
}
