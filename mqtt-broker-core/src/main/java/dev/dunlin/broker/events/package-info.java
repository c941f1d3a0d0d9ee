/**
 * How what happens gets out: to the observers of a broker, and into recordings of the JVM. Hidden; used by every room above
 * {@code spi}.
 */
package dev.dunlin.broker.events;
