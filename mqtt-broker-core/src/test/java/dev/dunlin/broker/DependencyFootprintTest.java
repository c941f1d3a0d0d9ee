package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an embedder's program gets with this module: few jars, small ones, and no choice made on its behalf. */
class DependencyFootprintTest {
    private static final int JARS_MAX = 14;

    /** 5.2 MiB. */
    private static final long BYTES_MAX = 5_452_595;

    private static final Pattern UNWANTED = Pattern.compile("logback-.*|slf4j-(?!api).*|log4j-.*|commons-logging"
            + "|error_prone_annotations|jspecify|netty-transport-native-(?:epoll|io_uring|kqueue)");

    /** {@code group:artifact:type[:classifier]:version:scope:path}, as the dependency plugin writes it. */
    private static final Pattern LISTED = Pattern.compile(
            "\\s+[\\w.-]+:([\\w.-]+):[^/]*:(?:compile|runtime):(.+?)( \\(optional\\))?(?: -- module.*)?");

    private static List<Artifact> artifacts;

    private record Artifact(String name, Path path) {}

    @BeforeAll
    static void readTheList() throws IOException {
        // The build writes it (see the module's pom); our own classes stand for our own jar.
        String listed = Files.readString(Path.of("target", "runtime-dependencies.txt"));
        artifacts = parse(listed.replaceAll("\u001b\\[[0-9;]*m", "").lines().toList()); // Maven may have coloured it
        artifacts.add(new Artifact("mqtt-broker-core", Path.of("target", "classes")));
        assertThat(artifacts).extracting(Artifact::name).contains("mqtt-codec", "netty-buffer", "slf4j-api");
    }

    @Test
    void fewJars() {
        assertThat(artifacts).hasSizeLessThanOrEqualTo(JARS_MAX);
    }

    @Test
    void fewBytes() {
        long bytes = artifacts.stream().mapToLong(a -> bytes(a.path)).sum();

        assertThat(bytes).as("bytes of %s", artifacts).isLessThanOrEqualTo(BYTES_MAX);
    }

    @Test
    void noLoggingBindingNoAnnotationsNoNatives() {
        assertThat(unwanted(artifacts)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ch.qos.logback:logback-classic:jar:1.5.18:compile",
                "org.slf4j:slf4j-simple:jar:2.0.20:runtime",
                "org.apache.logging.log4j:log4j-api:jar:2.0:compile",
                "com.google.errorprone:error_prone_annotations:jar:2.42.0:compile",
                "io.netty:netty-transport-native-epoll:jar:linux-x86_64:4.2.18.Final:runtime",
                "org.jspecify:jspecify:jar:1.0.0:compile"
            })
    void findsAnUnwantedOne(String artifact) {
        assertThat(unwanted(parse(List.of("   " + artifact + ":/m2/a.jar -- module a"))))
                .hasSize(1);
    }

    @Test
    void leavesOutWhatIsOptional() {
        assertThat(parse(List.of(
                        "",
                        "The following files have been resolved:",
                        "   org.jspecify:jspecify:jar:1.0.0:compile:/m2/jspecify.jar (optional) -- module org.jspecify",
                        "   org.slf4j:slf4j-api:jar:2.0.20:compile:/m 2/slf4j-api.jar")))
                .containsExactly(new Artifact("slf4j-api", Path.of("/m 2/slf4j-api.jar")));
    }

    private static List<Artifact> parse(List<String> lines) {
        List<Artifact> found = new ArrayList<>();
        for (String line : lines) {
            Matcher listed = LISTED.matcher(line);
            if (listed.matches() && listed.group(3) == null) {
                found.add(new Artifact(listed.group(1), Path.of(listed.group(2))));
            }
        }
        return found;
    }

    private static List<String> unwanted(List<Artifact> artifacts) {
        return artifacts.stream()
                .map(Artifact::name)
                .filter(name -> UNWANTED.matcher(name).matches())
                .toList();
    }

    /** Of a jar, or of a folder of classes, where a module isn't packed yet. */
    /** Of a jar; a folder of classes counts as the jar that will be made of it. */
    private static long bytes(Path path) {
        return Files.isDirectory(path) ? bytesAsJar(path) : path.toFile().length();
    }

    private static long bytesAsJar(Path folder) {
        ByteArrayOutputStream jar = new ByteArrayOutputStream();
        try (ZipOutputStream out = new ZipOutputStream(jar);
                Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new ZipEntry(folder.relativize(file).toString()));
                Files.copy(file, out);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return jar.size();
    }
}
