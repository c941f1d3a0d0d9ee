/** What a broker counts, for Micrometer: see {@link dev.dunlin.metrics.micrometer.BrokerMetrics}. */
@NullMarked
package dev.dunlin.metrics.micrometer;

import org.jspecify.annotations.NullMarked;
