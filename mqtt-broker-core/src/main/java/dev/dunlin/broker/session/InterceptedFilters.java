package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.spi.Printable;
import dev.dunlin.codec.ReasonCode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The filters of one SUBSCRIBE or UNSUBSCRIBE on their way through the interceptors, one after the other. The connection isn't
 * read before the last answer has come. Loop only.
 *
 * @param <T> what is asked about for each filter
 */
final class InterceptedFilters<T> {
    private static final Logger LOG = LoggerFactory.getLogger(InterceptedFilters.class);

    private final SessionLoop loop;
    private final String clientId;
    private final Link link;
    private final Outbound out;
    private final List<@Nullable T> asked;
    private final BiConsumer<T, Consumer<Decision<T>>> question;
    private final Consumer<List<@Nullable Decision<T>>> then;
    private final List<@Nullable Decision<T>> decisions = new ArrayList<>();
    private boolean asking;
    private boolean paused;
    private boolean over;

    /**
     * Nobody has been asked yet.
     *
     * @param asked one for each filter; null for one that is refused in any case
     * @param question asks about one of them
     * @param then takes the answers, one for each filter, null where nobody was asked; not called if the connection is closed by
     *     then, or by an answer
     */
    InterceptedFilters(
            Session session,
            Link link,
            Outbound out,
            List<@Nullable T> asked,
            BiConsumer<T, Consumer<Decision<T>>> question,
            Consumer<List<@Nullable Decision<T>>> then) {
        loop = session.loop;
        clientId = session.clientId;
        this.link = link;
        this.out = out;
        this.asked = asked;
        this.question = question;
        this.then = then;
    }

    void begin() {
        assert loop.inLoop();
        goOn();
        if (!over) {
            paused = true;
            link.pause(PauseReason.INTERCEPTION);
        }
    }

    private void goOn() {
        asking = true;
        while (!over && decisions.size() < asked.size()) {
            int number = decisions.size();
            T each = asked.get(number);
            if (each == null) {
                decisions.add(null);
            } else {
                question.accept(each, this::answered);
            }
            if (decisions.size() == number) {
                asking = false;
                return; // it comes later
            }
        }
        asking = false;
        end();
    }

    private void answered(Decision<T> decision) {
        decisions.add(decision);
        if (decision.disconnects()) {
            link.disconnect(decision.reason(), decision.text());
        }
        over |= out.isClosed();
        if (!asking) {
            goOnLate();
        }
    }

    /** Nobody above an answer that comes late would end the connection, which would wait for ever. */
    private void goOnLate() {
        try {
            goOn();
        } catch (Throwable fault) { // ours
            over = true;
            LOG.error("client {}: a fault behind the interceptors of a filter", Printable.text(clientId), fault);
            Events.tellFault(loop.events(), clientId, "a fault behind the interceptors of a filter", fault);
            link.disconnect(ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR, "internal error");
        }
    }

    private void end() {
        over = true;
        try {
            if (!out.isClosed()) {
                then.accept(decisions);
            }
        } finally {
            if (paused) {
                link.resume(PauseReason.INTERCEPTION);
            }
        }
    }
}
