/** The configuration file of the server, in HOCON, and the broker that it describes. */
@NullMarked
package dev.dunlin.server.hocon;

import org.jspecify.annotations.NullMarked;
