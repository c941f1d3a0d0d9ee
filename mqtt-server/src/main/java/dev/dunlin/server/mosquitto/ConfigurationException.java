package dev.dunlin.server.mosquitto;

/** What a configuration asks for can't be had. The message is one sentence for a person. */
public final class ConfigurationException extends Exception {
    private static final long serialVersionUID = 1;

    ConfigurationException(String message, Throwable cause) {
        super(message, cause);
    }
}
