package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.Authorizer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Who says what a client may do, by the listener that it came by. Complete before the loops run. */
public final class Authorizers {
    private final Map<String, @Nullable Authorizer> byListener = new HashMap<>();
    private final @Nullable Authorizer others;

    /**
     * Without any listener so far.
     *
     * @param others of clients whose listener isn't there any more; null if the broker itself has none
     */
    public Authorizers(@Nullable Authorizer others) {
        this.others = others;
    }

    /**
     * Says who answers for the clients of a listener.
     *
     * @param authorizer null if they may do everything
     */
    public void put(String listener, @Nullable Authorizer authorizer) {
        byListener.put(listener, authorizer);
    }

    /** Whether nobody is asked anything. */
    boolean isEmpty() {
        return others == null && byListener.values().stream().allMatch(each -> each == null);
    }

    /** What a client may do for whom there is nobody to ask. */
    Rights without(String listener) {
        return byListener.containsKey(listener) || isEmpty() ? Rights.ALL : Rights.NONE;
    }

    @Nullable
    Authorizer of(String listener) {
        return byListener.containsKey(listener) ? byListener.get(listener) : others;
    }
}
