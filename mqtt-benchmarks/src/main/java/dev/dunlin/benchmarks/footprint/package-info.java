/** What connections, sessions, subscriptions and queued messages occupy, and what idle connections cost. */
@NullMarked
package dev.dunlin.benchmarks.footprint;

import org.jspecify.annotations.NullMarked;
