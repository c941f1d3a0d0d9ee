package dev.dunlin.broker.session;

import static dev.dunlin.broker.testkit.Together.check;

import dev.dunlin.broker.testkit.Schedules;
import dev.dunlin.broker.testkit.Together;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The signals of {@link Serial}, thread by thread, as in {@link MailboxInterleavingTest}: none is missed, and one thread works. */
@Tag("lincheck")
final class SerialInterleavingTest {
    @Test
    void doesAllThatWasSignalledAndGoesToTheExecutorOnceAtATime() {
        Lincheck.runConcurrentTest(Schedules.atLeast(100), () -> {
            Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
            Queue<String> items = new ConcurrentLinkedQueue<>();
            List<String> came = new ArrayList<>(); // no lock: by whoever works
            Serial serial = new Serial(tasks::add, () -> takeAll(items, came), refused -> check(false, refused));
            Together others = new Together();
            for (String name : List.of("a", "b")) {
                others.start(() -> {
                    for (int i = 0; i < 2; i++) {
                        items.add(name + i);
                        serial.signal();
                    }
                });
            }

            runNext(tasks);
            runNext(tasks);
            others.end();
            check(tasks.size() <= 1, tasks);
            runNext(tasks);

            check(tasks.isEmpty(), tasks);
            check(came.size() == 4 && came.indexOf("a0") < came.indexOf("a1"), came);
            check(came.containsAll(List.of("a1", "b0", "b1")), came);
        });
    }

    private static void runNext(Queue<Runnable> tasks) {
        Runnable task = tasks.poll();
        if (task != null) {
            task.run();
        }
    }

    private static void takeAll(Queue<String> items, List<String> came) {
        for (String each = items.poll(); each != null; each = items.poll()) {
            came.add(each);
        }
    }
}
