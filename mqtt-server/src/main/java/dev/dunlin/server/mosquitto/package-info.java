/** Reads {@code mosquitto.conf}, the configuration of Mosquitto 2.0, and makes of it what this broker is started with. */
@NullMarked
package dev.dunlin.server.mosquitto;

import org.jspecify.annotations.NullMarked;
