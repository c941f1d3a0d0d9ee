package dev.dunlin.codec.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The test fails when one of these normative statements is broken: {@code @Statement("5.0:MQTT-3.3.1-2")}. At most three
 * to a test. {@code docs/conformance.md} is made from them.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Statement {
    /** Ids with the version that they belong to, {@code 3.1.1} or {@code 5.0}: many ids stand in both, with two meanings. */
    String[] value();
}
