package dev.dunlin.broker;

import dev.dunlin.broker.spi.Limits;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** Names the components of {@link Limits} that a test changes while the broker runs, and sees to count from then on. */
@Retention(RetentionPolicy.RUNTIME)
@interface Changes {
    String[] value();
}
