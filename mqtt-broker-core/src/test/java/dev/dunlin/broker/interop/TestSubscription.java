package dev.dunlin.broker.interop;

import dev.dunlin.codec.QoS;

/**
 * A subscription that a client asks for.
 *
 * @param identifier the Subscription Identifier; 0 for none
 * @param retainHandling 0 to 2
 */
record TestSubscription(
        String filter, QoS maximum, int identifier, boolean noLocal, boolean retainAsPublished, int retainHandling) {

    static TestSubscription of(String filter, QoS maximum) {
        return new TestSubscription(filter, maximum, 0, false, false, 0);
    }

    TestSubscription identifiedBy(int number) {
        return new TestSubscription(filter, maximum, number, noLocal, retainAsPublished, retainHandling);
    }

    TestSubscription withoutItsOwn() {
        return new TestSubscription(filter, maximum, identifier, true, retainAsPublished, retainHandling);
    }

    TestSubscription retainedAsPublished() {
        return new TestSubscription(filter, maximum, identifier, noLocal, true, retainHandling);
    }

    TestSubscription withoutRetained() {
        return new TestSubscription(filter, maximum, identifier, noLocal, retainAsPublished, 2);
    }
}
