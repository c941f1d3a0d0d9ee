package dev.dunlin.broker.spi;

/**
 * The parts of a store, each a sorted map of its own from key to value. Keys are compared as unsigned bytes. What the
 * records look like is the broker's business: {@code docs/storage.md}.
 */
public enum Space {
    /** A handful of small values about the store itself. One is rewritten in every batch. */
    META,
    /** Sessions, subscriptions and the state of exchanges: small values, some rewritten often. */
    SESSION,
    /** What waits for sessions: written once, read at most once, deleted soon, each session's in ascending order. */
    QUEUE,
    /** Messages that several queue entries refer to, or that are too large for one: a few bytes to 256 MiB. */
    MESSAGE,
    /** Retained messages: a few bytes to 256 MiB, rewritten per topic. */
    RETAINED
}
