package dev.dunlin.server.mosquitto;

/**
 * What the file says of a key.
 *
 * @param place the line; of several, the last one
 * @param value a String, Long or Boolean; a list of Strings if all lines with the key count
 */
record Setting(Place place, Object value) {}
