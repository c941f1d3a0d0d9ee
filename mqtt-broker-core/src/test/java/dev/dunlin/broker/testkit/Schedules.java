package dev.dunlin.broker.testkit;

/**
 * How many schedules of threads lincheck tries. The normal build has to be quick; {@code -Ddunlin.lincheck.thorough=true} tries
 * twenty times as many, in minutes instead of seconds.
 */
public final class Schedules {
    private static final int THOROUGH = 20;

    private Schedules() {}

    /** So many in the normal build. */
    public static int atLeast(int normal) {
        return Boolean.getBoolean("dunlin.lincheck.thorough") ? THOROUGH * normal : normal;
    }
}
