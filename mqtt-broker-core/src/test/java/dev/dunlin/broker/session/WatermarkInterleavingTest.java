package dev.dunlin.broker.session;

import static dev.dunlin.broker.testkit.Together.check;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.EmptyEngine;
import dev.dunlin.broker.store.SessionChanges;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.testkit.Schedules;
import dev.dunlin.broker.testkit.Together;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * How a loop hears that its changes are durable, thread by thread, as {@link MailboxInterleavingTest} does it: a real loop
 * submits a change, holds a reply back and may fall asleep, while another thread does the steps of the real commit thread. The
 * loop says that it sleeps, then looks at the watermark again; the commit thread moves the watermark, then looks who sleeps: a
 * schedule in which each misses the other never ends, which lincheck sees.
 */
@Tag("lincheck")
final class WatermarkInterleavingTest {

    @Test
    void noLoopSleepsOverAReplyThatMayLeave() {
        new Scene().holdBackAndSleep(); // on real threads: what is initialised once is no part of a schedule
        Lincheck.runConcurrentTest(Schedules.atLeast(150), () -> new Scene().holdBackAndSleep());
    }

    private static final class Scene {
        private final Store store = EmptyEngine.store(DrivenLoop.NO_TIME, this::writes);
        private final DrivenLoop driven;
        private final Together others = new Together();
        private boolean begun;
        private boolean left;

        Scene() {
            Core core = DrivenLoop.core(Limits.EMBEDDED, 1, store);
            try {
                store.begin(core::wakeAll);
            } catch (StoreException e) {
                throw new AssertionError(e);
            }
            driven = new DrivenLoop(core.loop(0));
        }

        void holdBackAndSleep() {
            driven.begin();
            driven.turn(this::change);
            begun = true;
            store.step();
            others.end();
            check(left, "the step has moved nothing");
        }

        private void change() {
            new SessionChanges(driven.loop.changes(), 1).noGroup(); // any change
            long ticket = driven.loop.changes().submit();
            check(!driven.loop.gate().passes(ticket), ticket);
            driven.loop.gate().hold(ticket, () -> left = true);
        }

        /** From here on the loop goes on beside the commit thread: what comes before would only make schedules longer. */
        private void writes() {
            if (begun) {
                others.start(() -> {
                    driven.begin();
                    while (!left) {
                        driven.turn();
                    }
                });
            }
        }
    }
}
