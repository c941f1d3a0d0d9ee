/**
 * The load run, {@code ./bench}: our broker and its peers, one after the other on one core, under the same load from a
 * generator on another core that checks what arrives.
 */
@NullMarked
package dev.dunlin.benchmarks.load;

import org.jspecify.annotations.NullMarked;
