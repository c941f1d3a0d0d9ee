package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.Traits;
import dev.dunlin.broker.spi.View;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Engines with one fault each, and their kits. */
final class BrokenEngines {
    private BrokenEngines() {}

    /** The kit of an engine with a fault. */
    abstract static class Broken extends MemoryEngineTck {
        private final Map<Path, StorageEngineProvider> stores = new ConcurrentHashMap<>();

        @Override
        protected StorageEngineProvider provider(Path dir) {
            return stores.computeIfAbsent(dir, here -> store(ModelStoreTckTest.at(here)));
        }

        private StorageEngineProvider store(ModelStore model) {
            return new CrashingProvider() {
                private StorageEngine last;

                @Override
                public StorageEngine open() throws StoreException {
                    StorageEngine before = last;
                    last = reopened(model, before);
                    return last;
                }

                @Override
                public StorageEngine recover() throws StoreException {
                    return open();
                }

                @Override
                public void crash(Crash kind) {
                    model.crash(kind);
                }
            };
        }

        StorageEngine reopened(ModelStore model, StorageEngine before) throws StoreException {
            return broken((ModelEngine) model.open(), model);
        }

        abstract StorageEngine broken(ModelEngine sound, ModelStore store);
    }

    static final class Sound extends Broken {
        @Override
        StorageEngine broken(ModelEngine sound, ModelStore store) {
            return new ForwardingEngine(sound);
        }
    }

    static final class ForgetsTheLastBatch extends Broken {
        @Override
        StorageEngine broken(ModelEngine sound, ModelStore store) {
            return new ForwardingEngine(sound) {
                private Contents before = Contents.EMPTY;

                @Override
                public void write(OpBuffer ops, boolean sync) throws StoreException {
                    before = store.contents(sound);
                    super.write(ops, sync);
                }

                @Override
                public void close() throws StoreException {
                    if (before != Contents.EMPTY) {
                        store.write(sound, before, true);
                        before = Contents.EMPTY;
                    }
                    super.close();
                }
            };
        }
    }

    static final class AppliesHalfABatch extends Broken {
        @Override
        StorageEngine broken(ModelEngine sound, ModelStore store) {
            return new ForwardingEngine(sound) {
                @Override
                public void write(OpBuffer ops, boolean sync) throws StoreException {
                    super.write(part(ops, 0, (ops.count() + 1) / 2), sync);
                }
            };
        }
    }

    static final class TearsBatches extends Broken {
        @Override
        StorageEngine broken(ModelEngine sound, ModelStore store) {
            return new ForwardingEngine(sound) {
                @Override
                public void write(OpBuffer ops, boolean sync) throws StoreException {
                    super.write(part(ops, 0, ops.count() / 2), false);
                    super.write(part(ops, ops.count() / 2, ops.count()), sync);
                }
            };
        }
    }

    static final class DeletesBeyondTheRange extends Broken {
        @Override
        StorageEngine broken(ModelEngine sound, ModelStore store) {
            return new ForwardingEngine(sound) {
                @Override
                public void write(OpBuffer ops, boolean sync) throws StoreException {
                    OpBuffer changed = new OpBuffer();
                    ops.forEach(new Copy(changed) {
                        @Override
                        public void deleteRange(Space space, ByteBuffer from, ByteBuffer to) throws StoreException {
                            byte[] behind = Arrays.copyOf(TestStore.array(to), to.remaining() + 1);
                            super.deleteRange(space, from, ByteBuffer.wrap(behind));
                        }
                    });
                    super.write(changed, sync);
                }
            };
        }
    }

    static final class LosesEmptyValues extends Broken {
        @Override
        StorageEngine broken(ModelEngine sound, ModelStore store) {
            return new ForwardingEngine(sound) {
                @Override
                public void write(OpBuffer ops, boolean sync) throws StoreException {
                    OpBuffer changed = new OpBuffer();
                    ops.forEach(new Copy(changed) {
                        @Override
                        public void put(Space space, ByteBuffer key, ByteBuffer value) throws StoreException {
                            if (value.hasRemaining()) {
                                super.put(space, key, value);
                            }
                        }
                    });
                    super.write(changed, sync);
                }
            };
        }
    }

    static final class NeverSyncs extends Broken {
        @Override
        StorageEngine broken(ModelEngine sound, ModelStore store) {
            return new ForwardingEngine(sound) {
                @Override
                public void write(OpBuffer ops, boolean sync) throws StoreException {
                    super.write(ops, false);
                }

                @Override
                public void sync() {}
            };
        }
    }

    static final class ShowsLaterWrites extends Broken {
        @Override
        StorageEngine broken(ModelEngine sound, ModelStore store) {
            return new ForwardingEngine(sound) {
                @Override
                public View view() throws StoreException {
                    return new AroundView(super.view()) {
                        @Override
                        View view() throws StoreException {
                            return sound.view();
                        }
                    };
                }
            };
        }
    }

    static final class ScansBackwards extends Broken {
        @Override
        StorageEngine broken(ModelEngine sound, ModelStore store) {
            return new Reordered(sound, null);
        }
    }

    static final class ComparesSignedBytes extends Broken {
        @Override
        StorageEngine broken(ModelEngine sound, ModelStore store) {
            return new Reordered(sound, Arrays::compare);
        }
    }

    static final class OpensTwice extends Broken {
        @Override
        StorageEngine reopened(ModelStore model, StorageEngine before) throws StoreException {
            try {
                return super.reopened(model, before);
            } catch (StoreException locked) {
                return before;
            }
        }

        @Override
        StorageEngine broken(ModelEngine sound, ModelStore store) {
            return new ForwardingEngine(sound);
        }
    }

    static final class LeaksAHandlePerView extends Broken {
        private final AtomicLong handles = new AtomicLong();

        @Override
        protected long nativeHandles(StorageEngine engine) {
            return handles.get();
        }

        @Override
        StorageEngine broken(ModelEngine sound, ModelStore store) {
            return new ForwardingEngine(sound) {
                @Override
                public View view() throws StoreException {
                    handles.incrementAndGet();
                    return super.view();
                }
            };
        }
    }

    static final class PretendsToBeOnADisk extends Broken {
        @Override
        StorageEngine broken(ModelEngine sound, ModelStore store) {
            return new ForwardingEngine(sound) {
                @Override
                public Traits traits() {
                    return new Traits("pretender", true, true);
                }
            };
        }
    }

    /** Operations of a batch from one on, to before another. */
    private static OpBuffer part(OpBuffer ops, int from, int to) throws StoreException {
        OpBuffer part = new OpBuffer();
        int[] index = {0};
        OpBuffer.Reader copy = new Copy(part);
        OpBuffer.Reader nothing = new Copy(new OpBuffer());
        ops.forEach(new OpBuffer.Reader() {
            @Override
            public void put(Space space, ByteBuffer key, ByteBuffer value) throws StoreException {
                next().put(space, key, value);
            }

            @Override
            public void delete(Space space, ByteBuffer key) throws StoreException {
                next().delete(space, key);
            }

            @Override
            public void deleteRange(Space space, ByteBuffer first, ByteBuffer behind) throws StoreException {
                next().deleteRange(space, first, behind);
            }

            private OpBuffer.Reader next() {
                int at = index[0]++;
                return at >= from && at < to ? copy : nothing;
            }
        });
        return part;
    }

    /** Copies operations into another batch. */
    private static class Copy implements OpBuffer.Reader {
        private final OpBuffer target;

        Copy(OpBuffer target) {
            this.target = target;
        }

        @Override
        public void put(Space space, ByteBuffer key, ByteBuffer value) throws StoreException {
            target.put(space, key, value);
        }

        @Override
        public void delete(Space space, ByteBuffer key) throws StoreException {
            target.delete(space, key);
        }

        @Override
        public void deleteRange(Space space, ByteBuffer from, ByteBuffer to) throws StoreException {
            target.deleteRange(space, from, to);
        }
    }

    /** Scans in another order; null: backwards. */
    private static final class Reordered extends ForwardingEngine {
        private final Comparator<byte[]> order;

        Reordered(StorageEngine inner, Comparator<byte[]> order) {
            super(inner);
            this.order = order;
        }

        @Override
        public View view() throws StoreException {
            return new AroundView(super.view()) {
                @Override
                public void scan(Space space, byte[] from, byte[] to, Visitor visitor) throws StoreException {
                    List<byte[][]> entries = new ArrayList<>();
                    super.scan(
                            space,
                            from,
                            to,
                            (key, value) -> entries.add(new byte[][] {TestStore.array(key), TestStore.array(value)}));
                    if (order == null) {
                        Collections.reverse(entries);
                    } else {
                        entries.sort((a, b) -> order.compare(a[0], b[0]));
                    }
                    for (byte[][] entry : entries) {
                        if (!visitor.entry(ByteBuffer.wrap(entry[0]), ByteBuffer.wrap(entry[1]))) {
                            return;
                        }
                    }
                }
            };
        }
    }

    private static class AroundView implements View {
        private final View inner;

        AroundView(View inner) {
            this.inner = inner;
        }

        View view() throws StoreException {
            return inner;
        }

        @Override
        public ByteBuffer get(Space space, byte[] key) throws StoreException {
            return view().get(space, key);
        }

        @Override
        public List<ByteBuffer> getAll(Space space, List<byte[]> keys) throws StoreException {
            return view().getAll(space, keys);
        }

        @Override
        public void scan(Space space, byte[] from, byte[] to, Visitor visitor) throws StoreException {
            view().scan(space, from, to, visitor);
        }

        @Override
        public void close() {
            inner.close();
        }
    }
}
