/**
 * A whole broker in one thread, on virtual time, with faults, driven by a seed: see docs/testing.md.
 *
 * <p>{@link dev.dunlin.broker.simulation.World} runs it, {@link dev.dunlin.broker.simulation.Model} says what MQTT promises.
 */
package dev.dunlin.broker.simulation;
