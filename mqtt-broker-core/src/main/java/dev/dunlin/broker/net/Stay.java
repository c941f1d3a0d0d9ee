package dev.dunlin.broker.net;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.KeepAlives;
import dev.dunlin.broker.spi.Printable;
import dev.dunlin.broker.spi.Validity;
import dev.dunlin.codec.ReasonCode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks once a second whether a client may still stay. Its loop only. */
final class Stay implements KeepAlives.Watched {
    static final long LOOK_MS = 1_000;
    static final String OVER = "not authorized any more";

    private static final Logger LOG = LoggerFactory.getLogger(Stay.class);

    private final Connection connection;
    private final Validity validity;
    private final Core core;
    private int place = KeepAlives.NOWHERE;

    Stay(Connection connection, Validity validity, Core core) {
        this.connection = connection;
        this.validity = validity;
        this.core = core;
    }

    /** It is user code that answers: what it throws is a no. */
    static boolean holds(Validity validity, long nowMs, String clientId, @Nullable Events events) {
        try {
            return validity.holds(nowMs);
        } catch (Throwable e) {
            LOG.warn(
                    "client {}: its validity failed, which counts as a no: {}", Printable.text(clientId), e.toString());
            Events.tellFault(events, clientId, "its validity failed, which counts as a no", e);
            return false;
        }
    }

    @Override
    public long check() {
        if (connection.isClosed()) {
            return 0;
        }
        if (holds(validity, core.wallMs(), connection.name(), core.events())) {
            return LOOK_MS;
        }
        connection.close(ReasonCode.NOT_AUTHORIZED, OVER);
        return 0;
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
