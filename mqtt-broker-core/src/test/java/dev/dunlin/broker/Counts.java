package dev.dunlin.broker;

import dev.dunlin.broker.spi.DropReason;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** Names the reason that a test makes happen. */
@Retention(RetentionPolicy.RUNTIME)
@interface Counts {
    DropReason value();
}
