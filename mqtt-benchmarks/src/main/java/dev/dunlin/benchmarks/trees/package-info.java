/**
 * Topic trees beside each other: {@code ./bench --trees}. {@link dev.dunlin.benchmarks.trees.Fleet}, {@link
 * dev.dunlin.benchmarks.trees.TopicTree} and {@link dev.dunlin.benchmarks.trees.TreeRun} need nothing but the JDK: a peer's
 * driver below {@code peers/} is compiled together with them, into a class path of its own, so that each tree gets the same
 * subscriptions and topics, and is timed by the same loop, without ever meeting another one.
 */
@org.jspecify.annotations.NullMarked
package dev.dunlin.benchmarks.trees;
