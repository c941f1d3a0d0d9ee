package dev.dunlin.benchmarks.trees;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * Measures one topic tree in a JVM of its own, and prints a line per question: its name, the figure, bytes allocated per
 * operation, and how many clients a match meant on average, by which one sees that trees do the same work.
 *
 * <p>Arguments: subscriptions of the fleet, subscribers of the one topic, milliseconds of an iteration. Each question is
 * repeated for ten iterations that aren't counted, then its figure is the median of fifteen. Time is that of this thread on
 * the processor: on a shared machine it hardly minds the others.
 */
public final class TreeRun {
    private static final int WARMUP = 10;
    private static final int ITERATIONS = 15;
    private static final int TOPICS = 1 << 18;
    private static final int HOT_TOPICS = 1 << 4;
    private static final int CHANGES = 20_000;
    private static final int CHECKED = 1_000;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Supplier<TopicTree> trees;
    private final int subscriptions;
    private final int crowd;
    private final long iterationNs;
    private final StringBuilder lines = new StringBuilder();
    private int next;
    private long meant;

    private TreeRun(Supplier<TopicTree> trees, int subscriptions, int crowd, long iterationNs) {
        this.trees = trees;
        this.subscriptions = subscriptions;
        this.crowd = crowd;
        this.iterationNs = iterationNs;
    }

    /** Measures, and returns the lines. */
    public static String measure(Supplier<TopicTree> trees, String... arguments) {
        int subscriptions = Integer.parseInt(arguments[0]);
        int crowd = Integer.parseInt(arguments[1]);
        long iterationNs = Long.parseLong(arguments[2]) * 1_000_000;
        TreeRun run = new TreeRun(trees, subscriptions, crowd, iterationNs);
        run.fleet();
        run.crowd();
        return run.lines.toString();
    }

    private void fleet() {
        TopicTree tree = trees.get();
        int clients = Fleet.clients(subscriptions);
        tree.clients(clients + CHANGES);
        long before = heapBytes();
        int count = Fleet.subscribe(subscriptions, (filter, client) -> tree.subscribe(client, filter));
        line("bytes-per-subscription", (double) (heapBytes() - before) / count, 0, 0);
        match("match-cold", tree, Fleet.topics(TOPICS, subscriptions, 1, Fleet::status), 1);
        match("match-hot", tree, Fleet.topics(HOT_TOPICS, subscriptions, 2, Fleet::status), 1);
        match("nobody-cold", tree, Fleet.topics(TOPICS, subscriptions, 3, Fleet::unheard), 1);
        match("command-cold", tree, Fleet.topics(TOPICS, subscriptions, 4, Fleet::command), 1);
        String[] filters = Fleet.topics(
                CHANGES, subscriptions, 5, device -> Fleet.commands(device).replace("device", "newcomer"));
        change("subscribe", "unsubscribe", tree, filters, clients);
    }

    private void crowd() {
        TopicTree tree = trees.get();
        tree.clients(crowd + 1);
        String topic = Fleet.groupNews(0);
        for (int client = 0; client < crowd; client++) {
            tree.subscribe(client, topic);
        }
        match("crowd-each", tree, new String[] {topic}, crowd);
        change("crowd-subscribe", "crowd-unsubscribe", tree, new String[] {topic}, crowd);
    }

    /** Matches topics in turn; the figure is per operation, of which a match may be many. */
    private void match(String name, TopicTree tree, String[] topics, int operations) {
        double[] ns = new double[ITERATIONS];
        long bytes = 0;
        long matches = 0;
        next = 0;
        for (int i = -WARMUP; i < ITERATIONS; i++) {
            long allocated = allocatedBytes();
            long begin = cpuNs();
            long end = begin + iterationNs;
            long done = 0;
            long now = begin;
            while (now < end) {
                matchSome(tree, topics, operations > 1 ? 1 : CHECKED);
                done += operations > 1 ? 1 : CHECKED;
                now = cpuNs();
            }
            if (i >= 0) {
                ns[i] = (double) (now - begin) / done / operations;
                bytes += allocatedBytes() - allocated;
                matches += done;
            }
        }
        line(name, median(ns), (double) bytes / matches, meantOnAverage(tree, topics));
    }

    private void matchSome(TopicTree tree, String[] topics, int count) {
        for (int i = 0; i < count; i++) {
            meant += tree.match(topics[next]);
            next = next + 1 & topics.length - 1;
        }
    }

    private double meantOnAverage(TopicTree tree, String[] topics) {
        next = 0;
        meant = 0;
        int count = Math.min(topics.length, CHECKED);
        matchSome(tree, topics, count);
        return (double) meant / count;
    }

    /** New clients subscribe, one filter each, and unsubscribe in another order. */
    private void change(String subscribe, String unsubscribe, TopicTree tree, String[] filters, int firstClient) {
        double[] addNs = new double[ITERATIONS];
        double[] removeNs = new double[ITERATIONS];
        double[] bytes = new double[2];
        for (int i = -WARMUP; i < ITERATIONS; i++) {
            long rounds = 0;
            long adding = 0;
            long removing = 0;
            long allocated = 0;
            long allocatedRemoving = 0;
            while (adding + removing < iterationNs) {
                long before = allocatedBytes();
                long begin = cpuNs();
                for (int k = 0; k < filters.length; k++) {
                    tree.subscribe(firstClient + k, filters[k]);
                }
                long middle = cpuNs();
                long between = allocatedBytes();
                for (int k = 0; k < filters.length; k++) {
                    int other = (int) (k * 7_919L % filters.length); // a prime: each once
                    tree.unsubscribe(firstClient + other, filters[other]);
                }
                removing += cpuNs() - middle;
                adding += middle - begin;
                allocated += between - before;
                allocatedRemoving += allocatedBytes() - between;
                rounds += filters.length;
            }
            if (i >= 0) {
                addNs[i] = (double) adding / rounds;
                removeNs[i] = (double) removing / rounds;
                bytes[0] = (double) allocated / rounds;
                bytes[1] = (double) allocatedRemoving / rounds;
            }
        }
        line(subscribe, median(addNs), bytes[0], 0);
        line(unsubscribe, median(removeNs), bytes[1], 0);
    }

    private void line(String name, double figure, double bytes, double meantClients) {
        lines.append(String.format(Locale.ROOT, "%s %.3f %.1f %.3f%n", name, figure, bytes, meantClients));
    }

    private static double median(double[] figures) {
        double[] sorted = figures.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static long cpuNs() {
        return THREADS.getCurrentThreadCpuTime();
    }

    private static long allocatedBytes() {
        return THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    private static long heapBytes() {
        for (int i = 0; i < 3; i++) {
            System.gc(); // what a cleaner or a weak reference held is gone after the second
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
