package dev.dunlin.broker;

/**
 * The outcome of a local publish that was accepted.
 *
 * @param matched whether there was any matching subscription
 */
public record Published(boolean matched) {}
