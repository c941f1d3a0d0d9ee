package dev.dunlin.broker.crash;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * A test of a broker with a real storage engine, whichever: it runs in the module of each engine, which names itself by the
 * system property {@code dunlin.test.store} and has one {@link EngineUnderTest}, and not in this one.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("each-engine")
public @interface EachEngine {}
