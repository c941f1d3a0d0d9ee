package dev.dunlin.broker.simulation;

/** The broker has broken a promise. */
final class Violation extends AssertionError {
    private static final long serialVersionUID = 1L;

    Violation(String what) {
        super(what);
    }
}
