/** Who may connect and what they may do: files in Mosquitto's formats, users in code, tokens. */
@NullMarked
package dev.dunlin.auth;

import org.jspecify.annotations.NullMarked;
