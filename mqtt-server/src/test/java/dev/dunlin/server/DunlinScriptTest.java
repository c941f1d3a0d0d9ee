package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.server.Child.Ended;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The script at the root, in a small copy of the repository, with a stand-in for Maven that counts its calls. */
class DunlinScriptTest {
    private static final String BUILDING = "building dunlin (first start or changed sources) ...";

    @TempDir
    private Path temp;

    private Path root;
    private Path bin;
    private Path calls;

    @BeforeEach
    void layOutTheRepository() throws IOException {
        root = temp.resolve("a repository");
        bin = Files.createDirectories(temp.resolve("bin"));
        calls = temp.resolve("calls");
        for (String file : List.of(
                "pom.xml",
                ".mvn/jvm.config",
                "mqtt-codec/pom.xml",
                "mqtt-codec/src/main/java/Codec.java",
                "mqtt-codec/src/test/java/CodecTest.java",
                "mqtt-examples/src/main/java/Example.java",
                "mqtt-examples-spring/src/main/java/Example.java",
                "mqtt-server/pom.xml",
                "mqtt-server/src/main/java/Server.java")) {
            Files.createDirectories(root.resolve(file).getParent());
            Files.createFile(root.resolve(file));
        }
        Files.copy(Path.of("..", "dunlin"), root.resolve("dunlin"));
        Files.createDirectory(root.resolve("packaging"));
        Files.copy(Path.of("..", "packaging", "launch.sh"), root.resolve("packaging/launch.sh"));
        classPathJar(temp.resolve("server.jar"));
        mavenDoes("mkdir -p mqtt-server/target/lib && cp ../server.jar mqtt-server/target/mqtt-server.jar");
    }

    @Test
    void startsFromAnyFolderThroughALinkAndIsTheJvm() throws Exception {
        Path link = Files.createSymbolicLink(temp.resolve("link"), root.resolve("dunlin"));
        ProcessBuilder script = script("--port", "0").directory(bin.toFile());
        script.command().set(0, link.toString());
        script.environment().put("JAVA_HOME", System.getProperty("java.home"));
        script.environment().put("DUNLIN_JAVA_OPTS", "-Xmx64m -Da=b");
        try (Child broker = Child.start(script)) {
            assertThat(broker.readLine()).startsWith("dunlin listening on tcp://127.0.0.1:");

            assertThat(broker.handle().info().command().orElseThrow()).endsWith("/bin/java");
            assertThat(broker.handle().info().arguments().orElseThrow())
                    .contains("-Xmx64m", "-Da=b")
                    .anyMatch(each -> each.matches("-XX:MaxDirectMemorySize=[1-9][0-9]*m"));
            assertThat(broker.terminate().end()).isEqualTo(new Ended(0, List.of(), List.of(BUILDING)));
        }
    }

    @Test
    void startsFromTheArchiveThatItMade() throws Exception {
        // JDK 17 archives nothing from a path with a blank in it.
        root = Files.move(root, temp.resolve("repository"));
        mavenDoes("mkdir -p mqtt-server/target && cp -R ../jars mqtt-server/target/lib"
                + " && cp ../server.jar mqtt-server/target/mqtt-server.jar");
        jarTheClassPath(temp.resolve("jars"));
        emptyJar(temp.resolve("server.jar"));
        Path loaded = temp.resolve("loaded");
        ProcessBuilder script = script("--port", "0", "--store", "memory");
        script.environment().put("JAVA_HOME", System.getProperty("java.home"));
        script.environment().put("DUNLIN_JAVA_OPTS", "-Xlog:class+load:file=" + loaded);
        for (int start = 1; start <= 2; start++) {
            try (Child broker = Child.start(script)) {
                assertThat(broker.readLine()).startsWith("dunlin listening on ");
                Ended ended = broker.terminate().end();

                assertThat(ended).isEqualTo(new Ended(0, List.of(), start == 1 ? List.of(BUILDING) : List.of()));
                // The JVM's own archive has none of these.
                assertThat(Files.readAllLines(loaded))
                        .filteredOn(line -> line.contains(" dev.dunlin.") && line.endsWith(" shared objects file"))
                        .as(this::archiveLog)
                        .hasSizeGreaterThan(50);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "not what a JVM has written"})
    void startsWithoutAWordFromAnArchiveThatIsNoUse(String content) throws Exception {
        run("--version");
        Files.writeString(archive(System.getProperty("java.version")), content);
        ProcessBuilder script = script("--port", "0", "--store", "memory");
        script.environment().put("JAVA_HOME", System.getProperty("java.home"));
        try (Child broker = Child.start(script)) {
            assertThat(broker.readLine()).startsWith("dunlin listening on ");
            assertThat(broker.terminate().end()).isEqualTo(new Ended(0, List.of(), List.of()));
        }
    }

    @Test
    void givesEachJdkAnArchiveOfItsOwnAndForgetsThemWhenItBuilds() throws Exception {
        run("--version");
        assertThat(archive("17.0.9")).exists();

        assertThat(runWithJdk("25.0.1").err()).isEmpty();
        assertThat(archive("25.0.1")).exists();
        assertThat(archive("17.0.9")).exists();

        Files.setLastModifiedTime(root.resolve("pom.xml"), FileTime.from(Instant.now()));
        assertThat(run("--version").out())
                .contains("-XX:SharedArchiveFile=" + archive("17.0.9"))
                .doesNotContain("-Xshare:dump");
        assertThat(archive("17.0.9")).exists();
        assertThat(archive("25.0.1")).doesNotExist();
        assertThat(builds()).isEqualTo(2);
    }

    /** Neither a JVM that archives nothing, nor a rehearsal that ends before its end. */
    @ParameterizedTest
    @ValueSource(strings = {"*-Xshare:dump*) exit 1", "*.Rehearsal*) rm -f \"$word\""})
    void saysOnceThatTheClassesCannotBeArchived(String fails) throws Exception {
        ProcessBuilder script = script("--version");
        writeScript(
                jdk("17.0.9").resolve("bin/java"),
                "for word; do case $word in */rehearsal/done) : >\"$word\"; break ;; esac; done\n" + "case \"$*\" in "
                        + fails + " ;; esac");

        assertThat(Child.run(script).err())
                .hasSize(2)
                .contains(BUILDING)
                .last()
                .asString()
                .startsWith("dunlin: the JVM could not archive the broker's classes, so each start takes longer; see ");
        assertThat(Child.run(script)).isEqualTo(new Ended(0, List.of(), List.of()));
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void callsMavenOnceOnly() throws Exception {
        assertThat(run("--version").err()).containsExactly(BUILDING);
        mavenDoes("exit 1");

        Ended second = run("--version");

        assertThat(second.code()).isZero();
        assertThat(second.err()).isEmpty();
        assertThat(builds()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pom.xml", ".mvn/jvm.config", "mqtt-codec/src/main/java/Codec.java", "mqtt-server/pom.xml"})
    void buildsAgainWhenASourceIsNewer(String source) throws Exception {
        run("--version");
        Files.setLastModifiedTime(root.resolve(source), FileTime.from(Instant.now()));

        run("--version");

        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void buildsAgainWhenASourceIsGone() throws Exception {
        run("--version");
        Files.delete(root.resolve("mqtt-codec/src/main/java/Codec.java"));

        run("--version");

        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void buildsAgainWhenWhatItBuiltIsGone() throws Exception {
        run("--version");
        Files.delete(root.resolve("mqtt-server/target/mqtt-server.jar"));

        run("--version");

        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void buildsAgainWhenItCannotLookForNewerSources() throws Exception {
        run("--version");
        writeScript(bin.resolve("find"), "echo no rights >&2; exit 1");

        Ended ended = run("--version");

        assertThat(ended.code()).isZero();
        assertThat(ended.err()).contains("no rights", BUILDING);
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void buildsNothingForWhatIsLeftOfAModule() throws Exception {
        Files.createDirectories(root.resolve("mqtt-gone/target"));
        run("--version");

        assertThat(run("--version").err()).isEmpty();
        assertThat(builds()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mqtt-codec/src/test/java/CodecTest.java",
                "mqtt-examples/src/main/java/Example.java",
                "mqtt-examples-spring/src/main/java/Example.java"
            })
    void buildsNothingForWhatIsNotPartOfTheBroker(String source) throws Exception {
        run("--version");
        Files.setLastModifiedTime(root.resolve(source), FileTime.from(Instant.now()));

        run("--version");

        assertThat(builds()).isEqualTo(1);
    }

    @Test
    @RequiresTool("flock")
    void buildsOnceForTwoStartsAtOnce() throws Exception {
        // Maven ends only when both starts have come to the lock.
        Path locks = temp.resolve("locks");
        writeScript(bin.resolve("flock"), "echo >>'" + locks + "'\nexec " + onPath("flock") + " \"$@\"");
        mavenDoes("""
                while [ "$(wc -l <../locks)" -lt 2 ]; do sleep 0.05; done
                mkdir -p mqtt-server/target/lib && cp ../server.jar mqtt-server/target/mqtt-server.jar""");
        try (Child first = Child.start(script("--version"));
                Child second = Child.start(script("--version"))) {
            List<Ended> both = List.of(first.end(), second.end());

            assertThat(both).extracting(Ended::code).containsExactly(0, 0);
            assertThat(both).flatExtracting(Ended::err).containsExactly(BUILDING);
            assertThat(builds()).isEqualTo(1);
        }
    }

    @Test
    void showsTheEndOfAFailedBuildAndTriesAgainNextTime() throws Exception {
        mavenDoes("seq 1 100; echo no such symbol; exit 1");

        Ended ended = run("--version");

        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.err()).hasSize(1 + 30 + 1).contains("no such symbol");
        assertThat(ended.err().get(31)).startsWith("dunlin: the build failed");
        assertThat(run("--version").code()).isEqualTo(1);
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void namesMavenWhenItIsMissing() throws Exception {
        ProcessBuilder script = script("--version");
        script.environment().put("PATH", pathWithoutMaven());
        try (Child child = Child.start(script)) {
            assertThat(child.end())
                    .isEqualTo(new Ended(
                            1,
                            List.of(),
                            List.of("dunlin: needs Maven to build the broker: there is no mvn on the PATH")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.8.0_292", "11.0.2", "16"})
    void namesTheJdkWhenItIsTooOld(String version) throws Exception {
        Ended ended = runWithJdk(version);

        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.err())
                .singleElement()
                .asString()
                .startsWith("dunlin: needs a JDK 17 or newer: ")
                .endsWith(" is version " + version.replaceFirst("\\..*", ""));
    }

    @Test
    void givesANewJdkTheArgumentsThatKeepItFastAndQuiet() throws Exception {
        assertThat(runWithJdk("17.0.9").out()).noneMatch(line -> line.startsWith("--"));
        assertThat(runWithJdk("25").out())
                .contains(
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Dio.netty.noUnsafe=false",
                        "--enable-native-access=ALL-UNNAMED");
    }

    /** The script, with a JDK that only claims to be one and prints its arguments: starts in no time. */
    private ProcessBuilder script(String... args) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(root.resolve("dunlin").toString()).directory(temp.toFile());
        builder.command().addAll(List.of(args));
        builder.environment().put("PATH", bin + File.pathSeparator + System.getenv("PATH"));
        builder.environment().put("JAVA_HOME", jdk("17.0.9").toString());
        builder.environment().keySet().removeAll(List.of("DUNLIN_JAVA_OPTS", "DUNLIN_LOG"));
        return builder;
    }

    private Ended run(String... args) throws Exception {
        try (Child child = Child.start(script(args))) {
            return child.end();
        }
    }

    private Ended runWithJdk(String version) throws Exception {
        ProcessBuilder script = script();
        script.environment().put("JAVA_HOME", jdk(version).toString());
        try (Child child = Child.start(script)) {
            return child.end();
        }
    }

    private Path jdk(String version) throws IOException {
        Path jdk = temp.resolve("jdk-" + version);
        Files.createDirectories(jdk.resolve("bin"));
        Files.writeString(jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        writeScript(jdk.resolve("bin/java"), """
                for word; do
                    case $word in
                        -Xshare:dump) dumps=yes ;;
                        -XX:SharedArchiveFile=*) archive=${word#*=} ;;
                        */rehearsal/done) : >"$word" ;;
                    esac
                done
                if [ -n "${dumps:-}" ]; then
                    echo archived >"$archive"
                else
                    printf '%s\\n' "$@"
                fi""");
        writeScript(jdk.resolve("bin/javac"), "exit 1");
        return jdk;
    }

    private Path archive(String version) {
        return root.resolve("mqtt-server/target/dunlin-" + version + ".jsa");
    }

    private String archiveLog() {
        try {
            return Files.readString(root.resolve("target/dunlin-archive.log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private int builds() throws IOException {
        return Files.readAllLines(calls).size();
    }

    private void mavenDoes(String commands) throws IOException {
        writeScript(bin.resolve("mvn"), "echo \"$@\" >>'" + calls + "'\n" + commands);
    }

    private static void writeScript(Path file, String commands) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + commands + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** One folder with what the script calls, and nothing else. */
    private String pathWithoutMaven() throws IOException {
        Path tools = Files.createDirectories(temp.resolve("tools"));
        for (String tool : List.of("dirname", "readlink", "sed", "find", "mkdir")) {
            writeScript(tools.resolve(tool), "exec " + onPath(tool) + " \"$@\"");
        }
        return tools.toString();
    }

    private static Path onPath(String tool) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, tool))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + tool + " on the PATH"));
    }

    /** A jar without content that names the class path of this test. */
    private static void classPathJar(Path jar) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        String urls = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toUri().toString())
                .collect(Collectors.joining(" "));
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, urls);
        try (OutputStream out = Files.newOutputStream(jar)) {
            new JarOutputStream(out, manifest).close();
        }
    }

    private static void emptyJar(Path jar) throws IOException {
        try (OutputStream out = Files.newOutputStream(jar)) {
            new JarOutputStream(out, new Manifest()).close();
        }
    }

    /** The class path of this test as jars in one folder, numbered in their order: its folders packed, the others linked. */
    private static void jarTheClassPath(Path folder) throws IOException {
        Files.createDirectories(folder);
        int number = 0;
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path from = Path.of(entry);
            Path jar = folder.resolve("%03d.jar".formatted(number++));
            if (Files.isDirectory(from)) {
                try (OutputStream out = Files.newOutputStream(jar);
                        JarOutputStream packed = new JarOutputStream(out)) {
                    pack(from, packed);
                }
            } else if (Files.exists(from)) {
                Files.createSymbolicLink(jar, from);
            }
        }
    }

    private static void pack(Path folder, JarOutputStream jar) throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path file : walk.filter(Files::isRegularFile).toList()) {
                jar.putNextEntry(new JarEntry(folder.relativize(file).toString().replace(File.separatorChar, '/')));
                Files.copy(file, jar);
                jar.closeEntry();
            }
        }
    }
}
