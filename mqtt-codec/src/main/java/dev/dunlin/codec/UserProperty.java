package dev.dunlin.codec;

/**
 * A pair of strings that means something to the application only [5.0 section 3.3.2.3.7]. Names may repeat.
 *
 * @param name UTF-8, up to 65,535 bytes
 * @param value UTF-8, up to 65,535 bytes
 */
public record UserProperty(String name, String value) {}
