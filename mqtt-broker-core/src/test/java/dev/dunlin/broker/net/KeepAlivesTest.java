package dev.dunlin.broker.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.session.KeepAlives;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.Limits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The wheel against what it promises: nobody ends early, nobody ends more than a tick late, nobody is forgotten. */
class KeepAlivesTest {
    private static final int LATE_MS_MAX = 250;

    /** From within a tick to several turns of the wheel, which takes 64 seconds. */
    private static final int KEEP_ALIVE_MS_MAX = 200_000;

    /** One that is watched. */
    private final class Client implements KeepAlives.Watched {
        private final long keepAliveMs;
        private long heardMs;
        private long endedMs = -1;
        private int place = KeepAlives.NOWHERE;

        Client(long keepAliveMs) {
            this.keepAliveMs = keepAliveMs;
            heardMs = nowMs();
        }

        @Override
        public long check() {
            long leftMs = heardMs + keepAliveMs - nowMs();
            if (leftMs <= 0) {
                assertThat(endedMs).as("ends once").isEqualTo(-1);
                endedMs = nowMs();
                keepAlives.remove(this); // as a connection does
            }
            return leftMs;
        }

        @Override
        public int place() {
            return place;
        }

        @Override
        public void place(int now) {
            place = now;
        }
    }

    private final Simulation simulation = new Simulation(1, 1, Limits.EMBEDDED);
    private final SessionLoop loop = simulation.core.loop(0);
    private final KeepAlives keepAlives = loop.keepAlives();

    private long nowMs() {
        return simulation.monotonicMs();
    }

    private void inLoop(Runnable task) {
        loop.enter();
        try {
            loop.readClock();
            task.run();
        } finally {
            loop.exit();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void endsThoseThatWereNotHeardOfAndNobodyElse(long seed) {
        Random random = new Random(seed);
        List<Client> watched = new ArrayList<>();
        int ended = 0;
        for (int step = 0; step < 4_000; step++) {
            int what = random.nextInt(10);
            if (what < 2) {
                Client client = new Client(1 + random.nextInt(KEEP_ALIVE_MS_MAX));
                inLoop(() -> keepAlives.add(client, client.keepAliveMs));
                watched.add(client);
            } else if (what < 5 && !watched.isEmpty()) {
                watched.get(random.nextInt(watched.size())).heardMs = nowMs();
            } else if (what == 5 && !watched.isEmpty()) {
                Client gone = watched.remove(random.nextInt(watched.size()));
                inLoop(() -> keepAlives.remove(gone));
                assertThat(gone.place).isEqualTo(KeepAlives.NOWHERE);
            } else {
                ended += pass(random.nextInt(100) == 0 ? 150_000 : random.nextInt(1_000), watched);
            }
        }
        for (int i = 0; i < KEEP_ALIVE_MS_MAX / 1_000 + 2; i++) {
            ended += pass(1_000, watched);
        }
        assertThat(watched).as("all have ended").isEmpty();
        assertThat(ended).isPositive();
        simulation.close();
    }

    /** Lets time pass, in steps in which a loop would have its turns, and looks who has ended. Returns how many. */
    private int pass(int ms, List<Client> watched) {
        int stepMs = ms > 10_000 ? ms : Math.min(ms, LATE_MS_MAX); // a loop may also have been held up for long
        int before = watched.size();
        for (int passed = 0; passed < ms; passed += stepMs) {
            long beforeMs = nowMs();
            simulation.advance(Duration.ofMillis(stepMs));
            watched.removeIf(client -> {
                long dueMs = client.heardMs + client.keepAliveMs;
                if (client.endedMs < 0) {
                    assertThat(nowMs()).as("late").isLessThan(dueMs + LATE_MS_MAX + stepMs);
                    return false;
                }
                assertThat(client.place).isEqualTo(KeepAlives.NOWHERE);
                assertThat(client.endedMs).as("early").isGreaterThanOrEqualTo(dueMs);
                assertThat(client.endedMs).isGreaterThanOrEqualTo(beforeMs);
                return true;
            });
        }
        return before - watched.size();
    }
}
