package dev.dunlin.broker;

import dev.dunlin.broker.spi.Limits;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** Names the components of {@link Limits} that a test reaches. */
@Retention(RetentionPolicy.RUNTIME)
@interface Reaches {
    String[] value();
}
