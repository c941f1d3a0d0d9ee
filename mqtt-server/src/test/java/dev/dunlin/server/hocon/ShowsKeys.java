package dev.dunlin.server.hocon;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** Names the keys whose effect a test shows; those of a listener as they are in its section. */
@Retention(RetentionPolicy.RUNTIME)
public @interface ShowsKeys {
    String[] value();
}
