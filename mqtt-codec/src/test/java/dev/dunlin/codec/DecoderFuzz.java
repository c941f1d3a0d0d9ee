package dev.dunlin.codec;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Searches for an input that {@link DecoderFuzzTest} doesn't survive, guided by coverage and starting from the vectors. No
 * part of the build: Jazzer's agent would instrument all tests that follow in the same JVM.
 * <pre>
 * JAZZER_FUZZ=1 JAZZER_MAX_DURATION=30m mvn -pl mqtt-codec test -Dtest=DecoderFuzz
 * </pre>
 * A finding ends the search and is written to a file named {@code crash-...}: add its bytes to the findings in
 * {@link DecoderFuzzTest}, which replays them.
 */
class DecoderFuzz {
    @MethodSource("dev.dunlin.codec.DecoderFuzzTest#inputs")
    @FuzzTest(maxDuration = "")
    void survivesAnything(byte[] input) {
        DecoderFuzzTest.run(input);
    }
}
