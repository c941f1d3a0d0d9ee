package dev.dunlin.broker.net;

import dev.dunlin.broker.session.HandlerCall;
import dev.dunlin.broker.session.Serial;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.codec.QoS;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a {@link SessionClient} has received and its handlers are still to get, one message at a time and in order. Of QoS 1 and
 * 2 the client's Receive Maximum is the bound, of QoS 0 one of its own.
 */
final class ClientInbox {
    private static final Logger LOG = LoggerFactory.getLogger(ClientInbox.class);

    /** Who acknowledges. */
    interface Acknowledging {
        /** Nothing more can be handed out: the connection is to end, without an acknowledgement of what waits. Any thread. */
        void cutOff(Throwable failure);

        /** A handler is done with a message of QoS 1 or 2; any thread. */
        void handled(QoS qos, int packetId, boolean failed);
    }

    private record Received(Message message, int packetId, MessageHandler handler) {}

    private final Acknowledging client;
    private final IntSupplier atMostOnceMax;
    private final Serial drains;
    private final Queue<Received> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger atMostOnce = new AtomicInteger();
    private volatile boolean busy;
    private volatile boolean closed;

    ClientInbox(Acknowledging client, Executor handlers, IntSupplier atMostOnceMax) {
        this.client = client;
        this.atMostOnceMax = atMostOnceMax;
        drains = new Serial(handlers, this::drain, this::refused);
    }

    /** Takes a message in; false if it is one of QoS 0 too many. One thread at a time. */
    boolean offer(Message message, int packetId, MessageHandler handler) {
        if (message.qos() == QoS.AT_MOST_ONCE && atMostOnce.getAndIncrement() >= atMostOnceMax.getAsInt()) {
            atMostOnce.decrementAndGet();
            return false;
        }
        queue.add(new Received(message, packetId, handler));
        drains.signal();
        return true;
    }

    /** The connection is over: what wasn't handed out can't be acknowledged, and comes again if the session stays. Any thread. */
    void close() {
        closed = true;
        queue.clear();
    }

    private void drain() {
        while (!busy && !closed) {
            Received next = queue.poll();
            if (next == null) {
                return;
            }
            busy = true;
            if (HandlerCall.isDone(next.handler, next.message, failure -> completed(next, failure))) {
                busy = false;
                done(next, null);
            }
        }
    }

    private void completed(Received next, @Nullable Throwable failure) {
        done(next, failure);
        busy = false;
        drains.signal();
    }

    private void done(Received next, @Nullable Throwable failure) {
        Message message = next.message;
        if (failure != null) {
            LOG.warn("a local session's handler failed on {}: {}", message.topic(), failure.toString());
        }
        if (message.qos() == QoS.AT_MOST_ONCE) {
            atMostOnce.decrementAndGet();
        }
        client.handled(message.qos(), next.packetId, failure != null);
    }

    private void refused(Throwable failure) {
        if (!closed) {
            close();
            client.cutOff(failure);
        }
    }
}
