package dev.dunlin.broker.crash;

/** A broken promise: found by the oracle, not by a fault of the test. */
final class Violation extends AssertionError {
    private static final long serialVersionUID = 1;

    Violation(String message) {
        super(message);
    }

    Violation(String message, Throwable cause) {
        super(message, cause);
    }
}
