package dev.dunlin.broker.interop;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A test that is run for each client that has the features; {@link ClientMatrixTest} holds who that is. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@Execution(ExecutionMode.CONCURRENT) // most of the time of some libraries is sleep
@ExtendWith(ScenarioExtension.class)
@interface Scenario {
    /** What it takes. */
    Feature[] value() default {};

    /** It waits for seconds to pass, about one, and has nothing to do with the transport: over TCP only. */
    boolean takesTime() default false;
}
