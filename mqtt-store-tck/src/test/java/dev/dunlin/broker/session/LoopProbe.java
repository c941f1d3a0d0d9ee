package dev.dunlin.broker.session;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Shows a simulation what the loops hold. */
public final class LoopProbe {
    private static final VarHandle MAILBOX_BYTES;

    static {
        try {
            MAILBOX_BYTES = MethodHandles.privateLookupIn(SessionLoop.class, MethodHandles.lookup())
                    .findVarHandle(SessionLoop.class, "mailboxBytes", AtomicLong.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private LoopProbe() {}

    /** Which of the loops' bounds is overstepped by more than so many bytes; null if none is. */
    public static @Nullable String overLimit(Core core, long slackBytes) {
        for (int i = 0; i < core.loopCount(); i++) {
            SessionLoop loop = core.loop(i);
            long mailbox = ((AtomicLong) MAILBOX_BYTES.get(loop)).get();
            if (mailbox > core.limits().mailboxBytesMax() + slackBytes) {
                return "the mailbox of loop " + i + " holds " + mailbox + " bytes";
            }
            if (mailbox < 0) {
                return "the mailbox of loop " + i + " counts " + mailbox + " bytes";
            }
            if (loop.queuedBytes() > loop.queueBytesShare() + slackBytes) {
                return "loop " + i + " queues " + loop.queuedBytes() + " bytes";
            }
        }
        return null;
    }
}
