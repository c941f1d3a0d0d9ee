/**
 * Who gets a message, and which message is retained: pure data structures, without I/O and without threads of their own.
 *
 * <p>{@link dev.dunlin.broker.routing.SubscriptionTree} finds the subscriptions of a topic, {@link
 * dev.dunlin.broker.routing.TargetCollector} turns them into one {@link dev.dunlin.broker.routing.Target} per destination,
 * grouped by loop, and {@link dev.dunlin.broker.routing.RetainedIndex} finds the retained values of a filter.
 */
package dev.dunlin.broker.routing;
