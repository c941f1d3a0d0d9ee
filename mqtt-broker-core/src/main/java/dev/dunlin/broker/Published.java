package dev.dunlin.broker;

import dev.dunlin.codec.ReasonCode;

/**
 * The outcome of a local publish that was accepted.
 *
 * @param matched whether there was any matching subscription
 */
public record Published(boolean matched) {
    private static final Published MATCHED = new Published(true);
    private static final Published UNMATCHED = new Published(false);

    /** That of an acknowledgement which is no error. */
    static Published of(ReasonCode outcome) {
        return outcome == ReasonCode.NO_MATCHING_SUBSCRIBERS ? UNMATCHED : MATCHED;
    }
}
