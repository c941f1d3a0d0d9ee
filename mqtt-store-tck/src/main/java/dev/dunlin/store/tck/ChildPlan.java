package dev.dunlin.store.tck;

import dev.dunlin.store.tck.ChildMain.Role;
import dev.dunlin.store.tck.Workload.Shape;

/**
 * What a child is to do.
 *
 * @param seed of its workload
 * @param batches how many it writes
 * @param batchesPerOpening after how many it closes the store and opens it again
 */
record ChildPlan(Role role, long seed, long batches, long batchesPerOpening, Shape shape) {
    static ChildPlan of(Role role, long seed, long batches) {
        return new ChildPlan(role, seed, batches, 100, Shape.MIXED);
    }

    Workload workload() {
        return new Workload(seed, shape);
    }

    String encode() {
        return role + "," + seed + "," + batches + "," + batchesPerOpening + "," + shape;
    }

    static ChildPlan decode(String text) {
        String[] parts = text.split(",", -1);
        return new ChildPlan(
                Role.valueOf(parts[0]),
                Long.parseLong(parts[1]),
                Long.parseLong(parts[2]),
                Long.parseLong(parts[3]),
                Shape.valueOf(parts[4]));
    }
}
