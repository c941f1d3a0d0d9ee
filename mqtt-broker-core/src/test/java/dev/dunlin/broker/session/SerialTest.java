package dev.dunlin.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

/** Work that runs on an executor as often as it is signalled, but no more than that. */
final class SerialTest {
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final List<String> done = new ArrayList<>();

    private void refused(Throwable failure) {
        done.add(String.valueOf(failure.getMessage()));
    }

    @Test
    void signalsBeforeItsTurnAreOneRun() {
        Serial serial = new Serial(tasks::add, () -> done.add("run"), this::refused);
        serial.signal();
        serial.signal();
        serial.signal();

        assertThat(tasks).hasSize(1);
        tasks.remove().run();
        assertThat(done).containsExactly("run");

        serial.signal();
        tasks.remove().run();
        assertThat(done).containsExactly("run", "run");
        assertThat(tasks).isEmpty();
    }

    @Test
    void signalsDuringARunAreOneMore() {
        List<Serial> self = new ArrayList<>();
        Serial serial = new Serial(
                tasks::add,
                () -> {
                    done.add("run");
                    if (done.size() == 1) {
                        self.get(0).signal();
                        self.get(0).signal();
                    }
                },
                this::refused);
        self.add(serial);
        serial.signal();
        tasks.remove().run();

        assertThat(done).containsExactly("run", "run");
        assertThat(tasks).isEmpty();
    }

    @Test
    void goesOnAfterAFaultAndAfterARefusal() {
        List<RuntimeException> faults = new ArrayList<>(List.of(new IllegalStateException("on purpose")));
        List<RuntimeException> refusals = new ArrayList<>(List.of(new RejectedExecutionException("full")));
        Serial serial = new Serial(
                task -> {
                    if (!refusals.isEmpty()) {
                        throw refusals.remove(0);
                    }
                    task.run();
                },
                () -> {
                    done.add("run");
                    if (!faults.isEmpty()) {
                        throw faults.remove(0);
                    }
                },
                this::refused);
        for (int i = 0; i < 3; i++) {
            serial.signal();
        }

        assertThat(done).containsExactly("full", "run", "run");
    }
}
