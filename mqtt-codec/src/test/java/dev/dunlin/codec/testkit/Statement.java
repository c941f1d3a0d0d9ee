package dev.dunlin.codec.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * The test fails when one of these normative statements is broken: {@code @Statement("5.0:MQTT-3.3.1-2")}. At most three
 * to a test. {@code docs/conformance.md} is made from them. Tests that have it carry the tag {@code statement}.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Tag("statement")
public @interface Statement {
    /** Ids with the version that they belong to, {@code 3.1.1} or {@code 5.0}: many ids stand in both, with two meanings. */
    String[] value();
}
