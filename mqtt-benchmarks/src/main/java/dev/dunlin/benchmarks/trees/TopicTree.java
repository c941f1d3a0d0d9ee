package dev.dunlin.benchmarks.trees;

/** A broker's subscriptions, as the comparison uses them. One thread. */
public interface TopicTree {

    /** Makes what stands for clients, numbered from 0, before anything is measured: it isn't the tree's. */
    void clients(int count);

    /** Adds a subscription of QoS 1 with no options. */
    void subscribe(int client, String filter);

    /** Removes it. */
    void unsubscribe(int client, String filter);

    /** What the broker itself asks for each message. Returns how many clients are meant, each counted once. */
    int match(String topic);
}
