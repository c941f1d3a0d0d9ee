package dev.dunlin.broker;

import java.time.Duration;

/** A clock for brokers in tests outside of this package. It stands still until it is moved; timers go on in real time. */
public final class HeldClock {
    private final TestBroker.ManualTime time = new TestBroker.ManualTime();

    /** Has the broker go by this clock. */
    public BrokerBuilder setIn(BrokerBuilder builder) {
        return builder.time(time);
    }

    /** Moves it. */
    public void advance(Duration by) {
        time.advance(by);
    }
}
