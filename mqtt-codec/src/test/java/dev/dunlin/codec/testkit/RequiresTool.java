package dev.dunlin.codec.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The test calls these commands. Where one isn't on the PATH the test is skipped, but fails when the environment says
 * {@code CI=true}: there a skip would go unseen. {@code ./check} installs them.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith(RequiresToolCondition.class)
public @interface RequiresTool {
    /** Names of commands, such as {@code mosquitto_pub}. */
    String[] value();
}
