package dev.dunlin.benchmarks;

import dev.dunlin.broker.routing.MatchSink;
import dev.dunlin.broker.routing.Subscription;

/** Counts what a match hands over. One thread. */
final class CountingSink implements MatchSink {
    int count;

    @Override
    public void accept(Subscription subscription) {
        count++;
    }
}
