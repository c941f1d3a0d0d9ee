package dev.dunlin.server.mosquitto;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** Names the keys whose effect a test shows. */
@Retention(RetentionPolicy.RUNTIME)
@interface Shows {
    Key[] value();
}
