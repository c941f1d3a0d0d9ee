package dev.dunlin.broker.spi;

import java.util.List;

/**
 * How a shared group is, at one moment.
 *
 * @param shareFilter {@code $share/}, its name and its filter
 * @param stored whether its messages are in a store
 * @param queuedMessages that wait for any of its members; counted as those of a session
 * @param memberCount how many members it has
 * @param members the first 1,000 of them
 */
public record GroupState(
        String shareFilter, boolean stored, long queuedMessages, int memberCount, List<GroupMember> members) {
    /** Takes a copy of the list. */
    public GroupState {
        members = List.copyOf(members);
    }
}
