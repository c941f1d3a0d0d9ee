package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.View;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The layers of a moment. No file that it needs goes before it is closed. */
final class MapDbView implements View {
    private final Path dir;
    private final Layers.State state;
    private final Values values;
    private final Consumer<MapDbView> onClose;
    private final AtomicBoolean closed = new AtomicBoolean();

    MapDbView(Path dir, Layers.State state, Values values, Consumer<MapDbView> onClose) {
        this.dir = dir;
        this.state = state;
        this.values = values;
        this.onClose = onClose;
    }

    @Override
    public @Nullable ByteBuffer get(Space space, byte[] key) throws StoreException {
        refuseIfClosed();
        byte[] stored = state.get(Stored.key(space.ordinal(), key));
        if (stored == null) {
            return null;
        }
        return Stored.isReference(stored) ? values.read(Stored.reference(stored)) : Stored.inline(stored);
    }

    @Override
    public List<@Nullable ByteBuffer> getAll(Space space, List<byte[]> keys) throws StoreException {
        List<@Nullable ByteBuffer> found = new ArrayList<>(keys.size());
        for (byte[] key : keys) {
            found.add(get(space, key));
        }
        return found;
    }

    @Override
    public void scan(Space space, byte[] from, byte @Nullable [] to, Visitor visitor) throws StoreException {
        refuseIfClosed();
        byte[] end = to == null ? new byte[] {(byte) (space.ordinal() + 1)} : Stored.key(space.ordinal(), to);
        Cursor cursor = state.cursor(Stored.key(space.ordinal(), from), end);
        for (byte[] key = cursor.key(); key != null; key = cursor.key()) {
            byte[] stored = cursor.value();
            ByteBuffer value =
                    Stored.isReference(stored) ? values.read(Stored.reference(stored)) : Stored.borrowed(stored);
            if (!visitor.entry(Stored.key(key), value)) {
                return;
            }
            refuseIfClosed();
            cursor.advance();
        }
    }

    Layers.State state() {
        return state;
    }

    private void refuseIfClosed() throws StoreException {
        if (closed.get()) {
            throw new StoreException(Kind.BUSY, "the view of the store in " + dir + " is closed");
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            onClose.accept(this);
        }
    }
}
