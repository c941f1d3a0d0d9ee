package dev.dunlin.broker.session;

import static dev.dunlin.broker.testkit.Together.check;

import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.broker.testkit.Schedules;
import dev.dunlin.broker.testkit.Together;
import dev.dunlin.codec.QoS;
import java.util.ArrayList;
import java.util.List;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The mailbox of a real {@link SessionLoop}, thread by thread: lincheck runs loops, publishers and a sleeping transport in
 * schedule after schedule and switches between them at every access to shared memory. A wake-up that is lost shows as a
 * schedule in which nobody can go on. {@code -Ddunlin.lincheck.thorough=true} tries more schedules.
 *
 * <p>Lincheck's memory is sequentially consistent: a missing {@code volatile} it doesn't see.
 */
@Tag("lincheck")
final class MailboxInterleavingTest {
    private static final int HOME = 0;
    private static final int OTHER = 1;

    /** Made once: what isn't touched by several threads only costs time in a schedule. */
    private static final KeptMessage[] MESSAGES = {message("m0"), message("m1")};

    private static final Limits TINY = Limits.EMBEDDED.withMailboxBytesMax(1);

    @Test
    void nothingIsLostOrOvertakenAndTheLoopSleepsOverNothing() {
        Lincheck.runConcurrentTest(Schedules.atLeast(100), () -> {
            Core core = DrivenLoop.core(Limits.EMBEDDED, 2, null);
            SessionLoop home = core.loop(HOME);
            DrivenLoop consumer = new DrivenLoop(home);
            DrivenLoop publisher = new DrivenLoop(core.loop(OTHER));
            List<String> came = new ArrayList<>();
            Target[] target = target(new Recording(home, came));
            Together others = new Together();
            others.start(() -> {
                home.execute(() -> came.add("t0"));
                home.execute(() -> came.add("t1"));
            });
            others.start(() -> {
                publisher.begin();
                for (KeptMessage message : MESSAGES) {
                    publisher.turn(() -> publisher.loop.handOver(message, target, EntryId.NONE));
                }
            });

            consumer.begin();
            while (came.size() < 4) {
                consumer.turn();
            }
            others.end();

            check(came.indexOf("t0") < came.indexOf("t1") && came.indexOf("m0") < came.indexOf("m1"), came);
            check(came.size() == 4 && came.contains("t0") && came.contains("m0"), came);
        });
    }

    @Test
    void whoWaitsForRoomInAMailboxHearsOfIt() {
        Lincheck.runConcurrentTest(Schedules.atLeast(100), () -> {
            Core core = DrivenLoop.core(TINY, 2, null);
            SessionLoop home = core.loop(HOME);
            DrivenLoop consumer = new DrivenLoop(home);
            DrivenLoop publisher = new DrivenLoop(core.loop(OTHER));
            List<String> came = new ArrayList<>();
            Target[] target = target(new Recording(home, came));
            Together others = new Together();
            others.start(() -> {
                consumer.begin();
                while (came.isEmpty()) {
                    consumer.turn();
                }
            });

            boolean[] goesOn = {false};
            publisher.begin();
            publisher.turn(() -> {
                SessionLoop crowded = publisher.loop.handOver(MESSAGES[0], target, EntryId.NONE);
                check(crowded == home, "there is room");
            });
            publisher.turn(() -> home.awaitRoom(publisher.loop, () -> goesOn[0] = true));
            while (!goesOn[0]) {
                publisher.turn();
            }
            others.end();
        });
    }

    private static KeptMessage message(String topic) {
        return KeptMessage.of(Message.of(topic, "p"), 0);
    }

    private static Target[] target(Recipient recipient) {
        return new Target[] {new Target(recipient, QoS.AT_MOST_ONCE, false, false, Target.NO_IDS)};
    }

    private static final class Recording extends Recipient {
        private final List<String> came;

        Recording(SessionLoop loop, List<String> came) {
            super(1, loop);
            this.came = came;
        }

        @Override
        void deliver(KeptMessage message, Target target, long entry, long nowMs) {
            came.add(message.topic());
        }

        @Override
        boolean stores(KeptMessage message, Target target) {
            return false;
        }

        @Override
        public boolean isPersistent() {
            return false;
        }
    }
}
