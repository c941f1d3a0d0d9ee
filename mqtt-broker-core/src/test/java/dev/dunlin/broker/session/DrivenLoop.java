package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.store.Store;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A real {@link SessionLoop} whose turns a test drives, on a transport that promises as little as Netty's epoll does: a wake-up
 * counts only from the moment at which it has made up its mind to sleep. Then it asks the loop whether it may; if so, nothing
 * but a wake-up ends its sleep. Netty's transports ask before as well, which would hide a loop that is right the second time.
 */
final class DrivenLoop implements IoHandlerContext {
    /** A clock that stands still. */
    static final TimeSource NO_TIME = new TimeSource() {
        @Override
        public long monotonicMs() {
            return 0;
        }

        @Override
        public long wallMs() {
            return 0;
        }
    };

    final SessionLoop loop;
    private final IoHandler turn;
    private Runnable read = DrivenLoop::nothing;
    private boolean anythingToRead;

    /** What the loops of one schedule share. */
    static Core core(Limits limits, int loops, @Nullable Store store) {
        return new Core(limits, NO_TIME, new Random(1), loops, store);
    }

    /** A loop that nobody else drives. */
    DrivenLoop(SessionLoop loop) {
        this.loop = loop;
        turn = loop.turns(executor -> new Sleeper()).newHandler(new NoExecutor());
    }

    /** Makes this thread the loop's. */
    void begin() {
        turn.initialize();
    }

    /** A turn in which nothing comes from outside: sleeps, if the loop lets it, until it is woken. */
    void turn() {
        turn.run(this);
    }

    /** A turn in which something comes from outside, read before the loop's own work. */
    void turn(Runnable reading) {
        read = reading;
        anythingToRead = true;
        turn.run(this);
        read = DrivenLoop::nothing;
        anythingToRead = false;
    }

    private static void nothing() {
        // comes
    }

    @Override
    public boolean canBlock() {
        return !anythingToRead;
    }

    @Override
    public long delayNanos(long currentTimeNanos) {
        return Long.MAX_VALUE;
    }

    @Override
    public long deadlineNanos() {
        return -1;
    }

    private final class Sleeper implements IoHandler {
        private boolean awake = true;

        @Override
        public int run(IoHandlerContext context) {
            awake(false);
            if (context.canBlock()) {
                sleep();
            }
            awake(true);
            read.run();
            return 0;
        }

        private synchronized void awake(boolean now) {
            awake = now;
        }

        private synchronized void sleep() {
            try {
                while (!awake) {
                    wait();
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public synchronized void wakeup() {
            awake = true;
            notifyAll();
        }

        @Override
        public void destroy() {
            // holds nothing
        }

        @Override
        public IoRegistration register(IoHandle handle) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean isCompatible(Class<? extends IoHandle> handleType) {
            return false;
        }
    }

    private static final class NoExecutor implements ThreadAwareExecutor {
        @Override
        public boolean isExecutorThread(Thread thread) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void execute(Runnable task) {
            throw new UnsupportedOperationException();
        }
    }
}
