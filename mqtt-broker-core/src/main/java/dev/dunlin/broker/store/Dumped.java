package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import java.util.EnumMap;
import java.util.Map;

/**
 * What is in a dump.
 *
 * @param engine the name of the engine that the dump was taken from
 * @param entries how many there are in each space
 * @param bytes of the whole stream
 */
public record Dumped(String engine, Map<Space, Long> entries, long bytes) {

    static Dumped of(String engine, long[] entries, long bytes) {
        Map<Space, Long> bySpace = new EnumMap<>(Space.class);
        for (Space space : Space.values()) {
            bySpace.put(space, entries[space.ordinal()]);
        }
        return new Dumped(engine, bySpace, bytes);
    }
}
