package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.Limits;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Shows tests of other packages what their clients' sessions hold. Not for the threads of a broker. */
public final class SessionProbe {
    private static final int PATIENCE_SECONDS = 20;

    private SessionProbe() {}

    /** The session of a client, or null. */
    public static @Nullable Session session(Core core, String clientId) {
        return onHome(core, clientId, session -> session);
    }

    /** The connection that serves a client's session now, or null. */
    public static @Nullable Link link(Core core, String clientId) {
        return onHome(core, clientId, session -> session == null ? null : session.link);
    }

    /** The session expiry interval that a client's session has now. */
    public static long expirySeconds(Core core, String clientId) {
        return onHome(core, clientId, session -> session == null ? -1 : session.expirySeconds);
    }

    /** The bounds that a loop goes by, behind what it was handed before. */
    public static Limits limits(SessionLoop loop) {
        return CompletableFuture.supplyAsync(loop::limits, loop::execute)
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
    }

    /** Messages queued for a client behind its window. */
    public static int queued(Core core, String clientId) {
        return onHome(core, clientId, session -> session == null ? 0 : session.queued());
    }

    /** Has a loop, which is running, take in what the store holds of it. */
    public static void install(Restore restore, SessionLoop loop) {
        restore.install(loop);
    }

    /** What marks the threads of a broker, and may stay on no other. */
    public static Object threadMark(Core core) {
        return core.running;
    }

    private static <T> T onHome(Core core, String clientId, Function<@Nullable Session, T> question) {
        SessionLoop home = core.home(clientId);
        CompletableFuture<T> answer = new CompletableFuture<>();
        home.execute(() -> answer.complete(question.apply(home.sessions().of(clientId))));
        return answer.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }
}
