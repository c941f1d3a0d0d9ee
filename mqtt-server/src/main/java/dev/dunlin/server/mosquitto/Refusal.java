package dev.dunlin.server.mosquitto;

/** A value that can't be, or isn't supported. */
final class Refusal extends Exception {
    private static final long serialVersionUID = 1;

    /** Goes behind what would be ignorable if it didn't keep anybody out. */
    static final String NEVER_IGNORED = ", and can't be ignored, as it decides who comes in or may do what";

    private final boolean ignorable;

    private Refusal(String message, boolean ignorable) {
        super(message);
        this.ignorable = ignorable;
    }

    /** Mosquitto refuses it as well, or it would be a mistake to go on. */
    static Refusal wrong(String message) {
        return new Refusal(message, false);
    }

    /** Mosquitto takes it, and a user may choose to do without it. */
    static Refusal unsupported(String message) {
        return new Refusal(message, true);
    }

    boolean isIgnorable() {
        return ignorable;
    }
}
