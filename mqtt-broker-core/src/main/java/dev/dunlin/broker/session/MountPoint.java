package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Topics;
import java.nio.charset.StandardCharsets;

/**
 * What the topics of a listener's clients begin with, without their knowing it. Everything inside the broker knows a topic or
 * filter as a whole; it is made whole when it comes in, and the encoding for such a client leaves the beginning out.
 * Immutable.
 */
public final class MountPoint {
    private final String prefix;
    private final int bytes;

    MountPoint(String prefix) {
        assert Topics.isValidTopic(prefix) : prefix;
        this.prefix = prefix;
        bytes = prefix.getBytes(StandardCharsets.UTF_8).length;
    }

    /**
     * What is wrong with a mount point, in words; empty if nothing is.
     *
     * @param prefix empty for none
     */
    public static String fault(String prefix) {
        if (!prefix.isEmpty() && (!Topics.isValidTopic(prefix) || !prefix.endsWith("/"))) {
            return "a mount point is a topic without wildcards, with / at its end, not '" + prefix + "'";
        }
        boolean mayShare = Topics.isShared(prefix + "/") || Topics.isShared(prefix) || "$share/".startsWith(prefix);
        return !prefix.isEmpty() && mayShare
                ? "'" + prefix + "' can't be a mount point: it begins a shared filter"
                : "";
    }

    /** A topic, as a client says it. */
    public String whole(String topic) {
        return prefix + topic;
    }

    /** A valid filter, as a client says it; of a shared one what is behind the share name. */
    String wholeFilter(String filter) {
        if (!Topics.isShared(filter)) {
            return prefix + filter;
        }
        String behind = Topics.filterOfShare(filter);
        return filter.substring(0, filter.length() - behind.length()) + prefix + behind;
    }

    /** Whether a whole topic is one that its clients can be told: something is left of it. */
    boolean covers(String topic) {
        return topic.length() > prefix.length() && topic.startsWith(prefix);
    }

    /** By how many bytes a whole topic is longer. */
    int bytes() {
        return bytes;
    }
}
