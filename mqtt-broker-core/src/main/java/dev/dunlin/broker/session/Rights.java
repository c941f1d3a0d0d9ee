package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.spi.Authorizer;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Permissions;
import dev.dunlin.broker.spi.Printable;
import dev.dunlin.codec.QoS;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one client may do, as an {@link Authorizer} says. It is user code that answers: what it throws is a no. Any thread.
 *
 * <p>Clients for whom no authorizer is asked share {@link #ALL}, and cost a comparison per message.
 */
public final class Rights { // hot
    /** Everything. */
    public static final Rights ALL = new Rights("", Permissions.ALL);

    /** Of a session of before the start, whose client hasn't come back: it is sent nothing, so everything may wait for it. */
    static final Rights UNKNOWN = new Rights("", Permissions.ALL);

    /** Nothing: the authorizer couldn't say. */
    static final Rights NONE = new Rights("", new Permissions() {
        @Override
        public boolean mayPublish(String topic, QoS qos, boolean retain) {
            return false;
        }

        @Override
        public boolean mayReceive(String topic) {
            return false;
        }
    });

    private static final Logger LOG = LoggerFactory.getLogger(Rights.class);

    private static final int FAILURES_PER_LINE = 1_000;

    private final String clientId;
    private int failures;
    private final Permissions permissions;
    private final @Nullable Events events;

    private Rights(String clientId, Permissions permissions) {
        this(clientId, permissions, null);
    }

    private Rights(String clientId, Permissions permissions, @Nullable Events events) {
        this.events = events;
        this.clientId = clientId;
        this.permissions = permissions;
    }

    /**
     * Asks for those of a client; the answer comes on the loop, at once or later.
     *
     * @param answer takes the rights, or what the authorizer has failed with
     */
    public static void ask(
            Authorizer authorizer,
            ClientInfo client,
            SessionLoop loop,
            BiConsumer<@Nullable Rights, @Nullable Throwable> answer) {
        CompletionStage<Permissions> stage;
        try {
            stage = Objects.requireNonNull(authorizer.permissions(client), "it gave no stage");
        } catch (Throwable e) { // user code: refused, and said so
            answer.accept(null, e);
            return;
        }
        AtomicBoolean answered = new AtomicBoolean(); // the stage may be of the user's own making
        AtomicBoolean registering = new AtomicBoolean(true);
        stage.whenComplete((given, failure) -> {
            Runnable task = () -> take(new Answer(client, given, loop.events()), failure, answer);
            if (!answered.compareAndSet(false, true)) {
                LOG.warn(
                        "client {}: the authorizer answered again, which changes nothing",
                        Printable.text(client.clientId()));
            } else if (loop.inLoop() && registering.get()) {
                SessionLoop.runGuarded(task);
            } else {
                loop.execute(task); // on this loop, too: not inside of what else it is doing
            }
        });
        registering.set(false);
    }

    /** What the authorizer has said of a client. */
    private record Answer(
            ClientInfo client,
            @Nullable Permissions given,
            @Nullable Events events) {}

    private static void take(
            Answer of, @Nullable Throwable failure, BiConsumer<@Nullable Rights, @Nullable Throwable> answer) {
        if (of.given != null) {
            answer.accept(new Rights(of.client.clientId(), of.given, of.events), null);
        } else if (failure == null) {
            answer.accept(null, new NullPointerException("the authorizer answered null"));
        } else {
            Throwable cause = failure.getCause();
            answer.accept(null, failure instanceof CompletionException && cause != null ? cause : failure);
        }
    }

    boolean isUnknown() {
        return this == UNKNOWN;
    }

    boolean mayReceive(String topic) {
        return this == ALL || isReceiver(topic);
    }

    private boolean isReceiver(String topic) {
        try {
            return permissions.mayReceive(topic);
        } catch (Throwable e) {
            return failed(e);
        }
    }

    boolean mayPublish(String topic, QoS qos, boolean retain) {
        return this == ALL || isPublisher(topic, qos, retain);
    }

    private boolean isPublisher(String topic, QoS qos, boolean retain) {
        try {
            return permissions.mayPublish(topic, qos, retain);
        } catch (Throwable e) {
            return failed(e);
        }
    }

    /** @param filter without {@code $share/name/} */
    boolean maySubscribe(String filter) {
        try {
            return permissions.maySubscribe(filter);
        } catch (Throwable e) {
            return failed(e);
        }
    }

    private boolean failed(Throwable cause) {
        if (failures++ % FAILURES_PER_LINE == 0) { // not exact: any thread
            LOG.warn(
                    "client {}: its permissions failed, which counts as a no: {}",
                    Printable.text(clientId),
                    cause.toString());
            Events.tellFault(events, clientId, "its permissions failed, which counts as a no", cause);
        }
        return false;
    }
}
