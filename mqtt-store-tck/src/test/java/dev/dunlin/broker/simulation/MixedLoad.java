package dev.dunlin.broker.simulation;

import dev.dunlin.broker.simulation.MemoryUse.When;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * The clients and the {@link Model} of the simulation, chapter by chapter, with one broker that keeps nothing and lives in a
 * JVM of its own. At the end of each chapter nobody is left, so its memory must be what it was before.
 */
final class MixedLoad {
    private static final int SAMPLE_SECONDS = 30;

    private final Path folder;
    private final Random random;
    private final Figures figures = new Figures();
    private final List<MemoryUse> samples = new ArrayList<>();

    /** @param folder where the trace goes if something is wrong */
    MixedLoad(Path folder, long seed) {
        this.folder = folder;
        random = new Random(seed);
    }

    /** Runs chapters of so many milliseconds until so much time is over. */
    Figures run(long ms, long chapterMs, Chapter.Pace pace) {
        long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
        SoakBroker broker = SoakBroker.startInMemory();
        ScheduledExecutorService sampler = Executors.newSingleThreadScheduledExecutor();
        sampler.scheduleAtFixedRate(
                () -> broker.askMemory(When.BUSY), SAMPLE_SECONDS, SAMPLE_SECONDS, TimeUnit.SECONDS);
        try {
            atRest(broker);
            do {
                chapter(broker, chapterMs, pace);
                atRest(broker);
            } while (System.nanoTime() < endNs);
        } finally {
            sampler.shutdownNow();
            broker.kill();
        }
        return figures;
    }

    private void chapter(SoakBroker broker, long ms, Chapter.Pace pace) {
        Chapter chapter = new Chapter(broker, Setting.mixed(), pace, figures, random.nextInt());
        try {
            chapter.run(ms);
        } catch (Violation e) {
            Path all = folder.resolve("trace.txt");
            chapter.write(all);
            throw new AssertionError(
                    e.getMessage() + "\n" + chapter.describe() + "\n" + chapter.trace(e.getMessage()) + "\n" + figures
                            + "\nthe whole trace is in " + all,
                    e);
        }
    }

    private void atRest(SoakBroker broker) {
        broker.askMemory(When.AT_REST);
        for (MemoryUse each : broker.memory(When.AT_REST)) {
            System.out.println("mixed: " + each);
            samples.add(each);
        }
    }

    /** What the broker has said of its memory: before the first chapter, every 30 s, and behind each. */
    List<MemoryUse> samples() {
        return samples;
    }

    /** The median of a figure over the first third of the samples, the second, and the last. */
    List<Long> thirds(When when, ToLongFunction<MemoryUse> figure) {
        long[] all = samples.stream()
                .filter(each -> each.when() == when)
                .mapToLong(figure)
                .toArray();
        List<Long> medians = new ArrayList<>();
        for (int third = 0; third < 3; third++) {
            List<Long> part = Arrays.stream(all, third * all.length / 3, (third + 1) * all.length / 3)
                    .sorted()
                    .boxed()
                    .collect(Collectors.toList());
            medians.add(part.get(part.size() / 2));
        }
        return medians;
    }
}
