package dev.dunlin.broker.store;

import java.util.Arrays;

/** A growing list of numbers, eight bytes each, in which one is found once it is sorted. One thread. */
final class Longs {
    private long[] values = new long[64];
    private int size;
    private boolean sorted = true;

    void add(long value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, size + (size >> 1));
        }
        sorted &= size == 0 || values[size - 1] <= value;
        values[size++] = value;
    }

    int size() {
        return size;
    }

    long get(int index) {
        return values[index];
    }

    /** Brings the numbers in ascending order; those that were added that way stay as they are. */
    void sort() {
        if (!sorted) {
            Arrays.sort(values, 0, size);
            sorted = true;
        }
    }

    /** The place of a number among sorted ones; negative if it isn't there. */
    int indexOf(long value) {
        assert sorted : "not sorted";
        return Arrays.binarySearch(values, 0, size, value);
    }

    boolean contains(long value) {
        return indexOf(value) >= 0;
    }
}
