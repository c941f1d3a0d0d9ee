package dev.dunlin.server.hocon;

/** What of a running broker a file may choose anew: what is in force, and what is to be. One thread at a time. */
final class Choice<T> {
    private T inForce;
    private T wanted;

    Choice(T atTheStart) {
        inForce = atTheStart;
        wanted = atTheStart;
    }

    T inForce() {
        return inForce;
    }

    /** What to try next; what is in force if there is nothing else. */
    T wanted() {
        return wanted;
    }

    boolean isOther() {
        return !wanted.equals(inForce);
    }

    void want(T other) {
        wanted = other;
    }

    /** It could be had. */
    void taken() {
        inForce = wanted;
    }
}
