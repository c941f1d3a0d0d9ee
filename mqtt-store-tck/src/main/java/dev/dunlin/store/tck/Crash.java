package dev.dunlin.store.tck;

/** How a simulated crash comes. */
public enum Crash {
    /** The process is killed: what was written stays, the machine keeps running. */
    PROCESS,
    /** The power goes off: what wasn't synced is forgotten. */
    POWER
}
