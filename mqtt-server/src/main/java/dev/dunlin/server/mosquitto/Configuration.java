package dev.dunlin.server.mosquitto;

import java.nio.file.Path;
import java.util.List;

/**
 * What a {@code mosquitto.conf} says, with what it includes; nothing of it is looked up yet.
 *
 * @param file the main file
 * @param files all that were read, the main file first
 * @param broker what is about the broker as a whole
 * @param perListener whether who comes in, and may do what, is said for each listener
 * @param listeners at least one; the default listener first, if there is one
 * @param local whether nothing says where to listen, so that only this machine is let in
 * @param findings what is wrong or unsupported, in the order of the lines
 */
public record Configuration(
        Path file,
        List<Path> files,
        Section broker,
        boolean perListener,
        List<ListenerSection> listeners,
        boolean local,
        List<Finding> findings) {
    /** Copies the lists. */
    public Configuration {
        files = List.copyOf(files);
        listeners = List.copyOf(listeners);
        findings = List.copyOf(findings);
    }

    /** Reads a file, and what it includes. What is wrong with it is among the {@link #findings}. Blocks. */
    public static Configuration read(Path file) {
        return new ConfigurationReader(file).read();
    }

    /** Where it says who comes in through a listener, and may do what. */
    Section access(ListenerSection listener) {
        return perListener ? listener.settings() : broker;
    }
}
