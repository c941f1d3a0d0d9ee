package dev.dunlin.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KeyedHashTest {
    private static final KeyedHash REFERENCE = new KeyedHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);

    /** SipHash-1-3 of the bytes 0, 1, 2, ... under the reference key: of 0, 2, 4, ... bytes. */
    private static final long[] VECTORS = {
        0xabac0158050fc4dcL, 0x82cb9b024dc7d44dL, 0xcf75576088d38328L, 0xc50d2b50c59f22a7L,
        0x369095118d299a8eL, 0x79de85ee92ff097fL, 0x78a384b157b4d9a2L, 0x605aa111c0f95d34L,
        0xcc4fdd1a7d908b66L, 0x8ffc389cb473e63eL, 0xc0dc2f46a6cce040L, 0x7ffe7b9ba320872eL,
        0xf464aeb267349c8cL, 0x3a3e35e3ca9913a5L, 0xfb0bed02ef6cd00dL, 0x540f11d643c5e663L,
        0x81157b6c16a7b60dL, 0x759f12781f2a753eL, 0x2cf508d3ada26206L, 0xb3f47496ae3a36a1L,
        0xc1d2363299e41531L, 0x65704ffec8138825L, 0xc2ca1cedfaf8876bL, 0xa16e9c9368b1d623L,
        0x9f3143f8df074c46L, 0x7eaf49d10a52098fL, 0xc44a30dda2f41f12L, 0x318fb34c73f0bce6L,
        0xb4bcc0db243c6d75L, 0x8f035f4da67d8a08L, 0xf6f4e6bcf7a644eeL, 0xc3b2f6154b6694e0L,
    };

    @Test
    void agreesWithTheReferenceVectors() {
        for (int chars = 0; chars < VECTORS.length; chars++) {
            assertThat(REFERENCE.hash(text(chars))).as("%d chars", chars).isEqualTo(VECTORS[chars]);
        }
    }

    @Test
    void hashesAPartLikeTheSameTextAlone() {
        String text = "some/levels/of a/topic";
        for (int from = 0; from <= text.length(); from++) {
            for (int to = from; to <= text.length(); to++) {
                assertThat(REFERENCE.hash(text, from, to)).isEqualTo(REFERENCE.hash(text.substring(from, to)));
            }
        }
    }

    @Test
    void dependsOnBothHalvesOfTheKey() {
        KeyedHash hash = new KeyedHash(1, 2);

        assertThat(hash.hash("client")).isNotEqualTo(new KeyedHash(1, 3).hash("client"));
        assertThat(hash.hash("client")).isNotEqualTo(new KeyedHash(3, 2).hash("client"));
    }

    @Test
    void spreadsTextsEvenlyOverAllIndexes() {
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++) {
            counts[REFERENCE.index("device-" + i, counts.length)]++;
        }

        for (int count : counts) {
            assertThat(count).isBetween(9_500, 10_500);
        }
    }

    @Test
    void hasOnePlaceAmongOne() {
        assertThat(REFERENCE.index("any", 1)).isZero();
    }

    /** Chars that are the bytes 0, 1, 2, ... two by two. */
    private static String text(int chars) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < chars; i++) {
            text.append((char) (2 * i | (2 * i + 1) << 8));
        }
        return text.toString();
    }
}
