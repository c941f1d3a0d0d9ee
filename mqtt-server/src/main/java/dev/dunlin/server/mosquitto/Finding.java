package dev.dunlin.server.mosquitto;

/**
 * What is in the way of a configuration.
 *
 * @param place where it stands
 * @param text says what
 * @param ignorable whether the broker can start without what is asked for
 */
public record Finding(Place place, String text, boolean ignorable) {
    /** One line: file, line and what is wrong there. */
    @Override
    public String toString() {
        return place + ": " + text;
    }
}
