package dev.dunlin.broker;

/**
 * Where a running broker listens.
 *
 * @param name the listener's name
 * @param scheme "tcp"
 * @param host the host as it was given
 * @param port the bound port, never 0
 */
public record ListenerAddress(String name, String scheme, String host, int port) {}
