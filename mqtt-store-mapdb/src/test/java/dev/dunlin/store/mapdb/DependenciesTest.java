package dev.dunlin.store.mapdb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jpountz.xxhash.XXHashFactory;
import org.junit.jupiter.api.Test;
import org.mapdb.CC;
import org.mapdb.Serializer;
import org.mapdb.volume.ByteArrayVol;
import org.mapdb.volume.Volume;

/** What this module brings along: the jars that are written down, no others, and what MapDB does with one replaced. */
class DependenciesTest {
    /** {@code group:artifact:type:version:scope:path}, as the dependency plugin writes it; our own and Netty's aside. */
    private static final Pattern LISTED = Pattern.compile("\\s+((?!dev\\.dunlin|io\\.netty|org\\.slf4j|org\\.jspecify)"
            + "[\\w.-]+:[\\w.-]+):jar:([^:]+):(?:compile|runtime):.*");

    private static final Map<String, String> PINNED = Map.of(
            "org.mapdb:mapdb", "3.1.0",
            "org.mapdb:elsa", "3.0.0-M5",
            "org.jetbrains.kotlin:kotlin-stdlib", "1.9.25",
            "org.eclipse.collections:eclipse-collections-api", "10.4.0",
            "org.eclipse.collections:eclipse-collections", "10.4.0",
            "at.yawk.lz4:lz4-java", "1.14.0");

    /** MapDB's own log of transactions is written and never read again. Split, so that this file doesn't have it. */
    private static final String FORBIDDEN = "transaction" + "Enable";

    @Test
    void bringsWhatIsPinnedAndNothingElse() throws IOException {
        String listed = Files.readString(Path.of("target", "runtime-dependencies.txt"));

        assertThat(thirdParties(listed)).isEqualTo(PINNED);
    }

    @Test
    void findsAJarThatCameByItself() {
        String netty = "   io.netty:netty-buffer:jar:4.2.18.Final:compile:/m2/b.jar";
        String old = "   net.jpountz.lz4:lz4:jar:1.3.0:compile:/m2/lz4.jar -- module lz4";

        assertThat(thirdParties(netty + "\n" + old)).isEqualTo(Map.of("net.jpountz.lz4:lz4", "1.3.0"));
    }

    @Test
    void hashesWithTheReplacementOfLz4() throws IOException {
        String origin = XXHashFactory.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toString();
        assertThat(origin).endsWith("lz4-java-1.14.0.jar");

        byte[] value = "what MapDB hashes".getBytes(StandardCharsets.US_ASCII);
        XXHashFactory plain = XXHashFactory.safeInstance();
        assertThat(Serializer.BYTE_ARRAY.hashCode(value, 7))
                .isEqualTo(plain.hash32().hash(value, 0, value.length, 7));
        Volume volume = new ByteArrayVol();
        try {
            volume.ensureAvailable(value.length);
            volume.putData(0, value, 0, value.length);
            assertThat(volume.hash(0, value.length, 7))
                    .isEqualTo(plain.hash64().hash(value, 0, value.length, 7))
                    .isEqualTo(CC.HASH_FACTORY.hash64().hash(value, 0, value.length, 7));
        } finally {
            volume.close();
        }
    }

    @Test
    void neverAsksForMapDbsTransactions() throws IOException {
        List<Path> sources = sources();

        assertThat(sources).hasSizeGreaterThan(1);
        assertThat(sources)
                .allSatisfy(source -> assertThat(Files.readString(source)).doesNotContain(FORBIDDEN));
    }

    private static Map<String, String> thirdParties(String listed) {
        return listed.replaceAll("\u001b\\[[0-9;]*m", "") // Maven may have coloured it
                .lines()
                .map(LISTED::matcher)
                .filter(Matcher::matches)
                .collect(Collectors.toMap(line -> line.group(1), line -> line.group(2)));
    }

    private static List<Path> sources() {
        try (Stream<Path> files = Files.walk(Path.of("src"))) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
