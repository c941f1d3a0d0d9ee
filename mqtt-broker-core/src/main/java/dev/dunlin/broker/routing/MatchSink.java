package dev.dunlin.broker.routing;

/** Takes the subscriptions of a match, each once, in no particular order. */
@FunctionalInterface
public interface MatchSink {
    void accept(Subscription subscription);
}
