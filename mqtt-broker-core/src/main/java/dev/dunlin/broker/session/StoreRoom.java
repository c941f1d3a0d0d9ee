package dev.dunlin.broker.session;

import dev.dunlin.broker.store.Store;

/**
 * Those on a loop who wait for room in the store. The commit thread says when there is some; but it may hang itself, and then
 * nobody would be told that nothing is to be waited for: so the loop looks too, now and then. Loop only.
 */
final class StoreRoom {
    private static final long LOOK_MS = 1_000;

    private final SessionLoop loop;
    private boolean looking;

    StoreRoom(SessionLoop loop) {
        this.loop = loop;
    }

    /** Runs {@code task} on this loop when there is room, or none is to be expected: what is published then is refused. */
    void await(Store store, Runnable task) {
        assert loop.inLoop();
        store.awaitRoom(() -> loop.execute(task));
        look(store);
    }

    private void look(Store store) {
        if (!looking && store.hasWaiters()) {
            looking = true;
            loop.scheduleLook(LOOK_MS, () -> {
                looking = false;
                store.releaseWaiters();
                look(store);
            });
        }
    }
}
