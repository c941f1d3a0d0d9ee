package dev.dunlin.broker.testkit;

import dev.dunlin.codec.MqttVersion;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A test that runs with 3.1.1 and 5.0: its rules came with 3.1.1. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest
@EnumSource(
        value = MqttVersion.class,
        names = {"V3_1_1", "V5"})
public @interface EachStandard {}
