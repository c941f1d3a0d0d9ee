package dev.dunlin.broker.net;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Searches for an input that a broker doesn't stand, guided by coverage and starting from what {@link InboundFuzzTest}
 * replays. No part of the build: Jazzer's agent would instrument all tests that follow in the same JVM.
 * <pre>
 * JAZZER_FUZZ=1 JAZZER_MAX_DURATION=10m mvn -pl mqtt-codec,mqtt-broker-core test -Dtest=InboundFuzz \
 *     -Dsurefire.failIfNoSpecifiedTests=false
 * </pre>
 * A finding ends the search and is written to a file named {@code crash-...}: add its bytes in hex to
 * {@code inbound-corpus.txt}, which the build replays.
 */
class InboundFuzz {
    @MethodSource("dev.dunlin.broker.net.InboundFuzzTest#inputs")
    @FuzzTest(maxDuration = "")
    void survivesAnything(byte[] input) {
        InboundScript.run(input);
    }
}
