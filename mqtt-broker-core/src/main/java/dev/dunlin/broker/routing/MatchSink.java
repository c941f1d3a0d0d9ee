package dev.dunlin.broker.routing;

import java.util.function.Consumer;

/** Takes the subscriptions of a match, each once, in no particular order. */
@FunctionalInterface
public interface MatchSink extends Consumer<Subscription> {}
