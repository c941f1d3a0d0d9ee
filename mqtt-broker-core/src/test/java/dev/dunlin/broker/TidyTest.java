package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds {@link TidyRules} on the main sources of all modules, and shows for each rule that it finds what it is for. */
class TidyTest {
    private static final String SESSION = "mqtt-broker-core/src/main/java/dev/dunlin/broker/session/A.java";
    private static final String CODEC = "mqtt-codec/src/main/java/dev/dunlin/codec/A.java";
    private static final String SERVER = "mqtt-server/src/main/java/dev/dunlin/server/A.java";

    private static List<SourceFile> sources;
    private static Map<String, Set<String>> statements;

    @BeforeAll
    static void readAll() throws IOException {
        sources = SourceFile.ofAllModules();
        statements = Map.of("5.0", ids("mqtt5-ids.txt"), "3.1.1", ids("mqtt311-ids.txt"));
    }

    @Test
    void readsTheSourcesOfTheModules() {
        assertThat(sources).extracting(SourceFile::module).contains("mqtt-codec", "mqtt-broker-core");
        assertThat(statements.get("5.0")).hasSizeGreaterThan(200);
        assertThat(statements.get("3.1.1")).hasSizeGreaterThan(100);
    }

    @Test
    void sizesAreBounded() {
        assertHolds(TidyRules::sizes);
    }

    @Test
    void namesSayWhatAThingIs() {
        assertHolds(TidyRules::names);
    }

    @Test
    void nothingForbiddenIsCalled() {
        assertHolds(TidyRules::calls);
    }

    @Test
    void nothingIsLeftUnfinished() {
        assertHolds(TidyRules::unfinished);
    }

    @Test
    void versionsAreToldApartInOnePlace() {
        assertHolds(TidyRules::versions);
    }

    @Test
    void packagesPointOneWay() {
        assertHolds(TidyRules::arrows);
    }

    @Test
    void citedStatementsExist() {
        assertHolds(file -> TidyRules.statements(file, statements));
    }

    @Test
    void findsALongMethod() {
        assertThat(TidyRules.sizes(in(CODEC, "class A {\n  /** Doc. */\n  void m() {" + "\n".repeat(59) + "}}")))
                .isEmpty();
        assertThat(TidyRules.sizes(in(CODEC, "class A {\n  /** Doc. */\n  void m() {" + "\n".repeat(60) + "}}")))
                .containsExactly(CODEC + ":3: method m of 61 lines, at most 60");
    }

    @Test
    void findsALongFile() {
        String comments = "/**\n * A.\n */\n// B.\n\n";
        assertThat(TidyRules.sizes(in(CODEC, comments + "class A {\n" + "int a;\n".repeat(598) + "}\n")))
                .isEmpty();
        assertThat(TidyRules.sizes(in(CODEC, comments + "class A {\n" + "int a;\n".repeat(599) + "}\n")))
                .containsExactly(CODEC + ":1: file of 601 code lines, at most 600");
    }

    @Test
    void findsAConstructorWithManyParametersButNotInARecord() {
        String seven = "(int a, int b, int c, int d, int e, int f, int g)";
        assertThat(TidyRules.sizes(in(CODEC, "class A {\n  A" + seven + " {}\n  void m" + seven + " {}\n}")))
                .singleElement()
                .asString()
                .startsWith(CODEC + ":2: constructor with 7 parameters, at most 6");
        assertThat(TidyRules.sizes(in(CODEC, "record A" + seven + " { A" + seven + " {} }")))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"AImpl", "AManager", "AService", "AHelper", "AUtil", "AUtils", "AData", "AInfo"})
    void findsAVagueName(String name) {
        assertThat(TidyRules.names(in(CODEC, "class A {\n  interface " + name + " {}\n}")))
                .containsExactly(CODEC + ":2: name " + name + ": say what it is");
    }

    @Test
    void allowsTheNamesThatArePublicAlready() {
        assertThat(TidyRules.names(in(CODEC, "record ClientInfo() {}"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "System.exit(1)",
                "java.lang.System.exit(1)",
                "run(System::exit)",
                "Thread.sleep(1)",
                "e.printStackTrace()",
                "System.out.println()",
                "System.err.println()",
                "channel.writeAndFlush(e)",
                "writeAndFlush(e)",
                "f(new Random())",
                "f(new java.util.Random())",
                "Math.random()",
                "ThreadLocalRandom.current()",
                "UUID.randomUUID()",
                "System.currentTimeMillis()",
                "f(System::nanoTime)",
                "Instant.now()"
            })
    void findsAForbiddenCall(String call) {
        assertThat(TidyRules.calls(in(SESSION, "class A {\n  void m() {\n    " + call + ";\n  }\n}")))
                .singleElement()
                .asString()
                .startsWith(SESSION + ":3: ");
    }

    @Test
    void findsAForbiddenStaticImport() {
        assertThat(TidyRules.calls(in(SESSION, "import static java.lang.System.nanoTime;\nclass A {}")))
                .containsExactly(SESSION + ":1: nanoTime: time comes from TimeSource");
    }

    @ParameterizedTest
    @CsvSource({
        "mqtt-server/src/main/java/dev/dunlin/server/Main.java, System.exit(1)",
        "mqtt-server/src/main/java/dev/dunlin/server/Main.java, System.out.println()",
        "mqtt-examples/src/main/java/dev/dunlin/examples/A.java, System.out.println()",
        "mqtt-codec/src/main/java/dev/dunlin/codec/A.java, System.nanoTime()",
        "mqtt-broker-core/src/main/java/dev/dunlin/broker/spi/TimeSource.java, System.nanoTime()",
        "mqtt-broker-core/src/main/java/dev/dunlin/broker/session/A.java, new Random(seed)",
    })
    void allowsTheCallWhereItsPlaceIs(String path, String call) {
        assertThat(TidyRules.calls(in(path, "class A {\n  Object m() { return f(() -> " + call + "); }\n}")))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TODO", "FIXME"})
    void findsWhatIsUnfinished(String word) {
        assertThat(TidyRules.unfinished(in(CODEC, "class A {}\n// " + word + ": later")))
                .singleElement()
                .asString()
                .startsWith(CODEC + ":2: " + word);
    }

    @ParameterizedTest
    @ValueSource(strings = {"v == MqttVersion.V5", "V3_1_1 != v", "x(V3_1)"})
    void findsAVersionWithoutAReason(String test) {
        String before = "class A {\n  boolean m() {\n";
        assertThat(TidyRules.versions(in(SESSION, before + "    return " + test + ";\n  }\n}")))
                .containsExactly(SESSION + ":3: a version: ask VersionRules, or say why not");
        assertThat(TidyRules.versions(in(SESSION, before + "    return " + test + "; // because\n  }\n}")))
                .isEmpty();
        assertThat(TidyRules.versions(in(SESSION, before + "    // because\n    return " + test + ";\n  }\n}")))
                .isEmpty();
        assertThat(TidyRules.versions(in(
                        SESSION.replace("A.java", "VersionRules.java"), before + "    return " + test + ";\n  }\n}")))
                .isEmpty();
        assertThat(TidyRules.versions(in(CODEC, before + "    return " + test + ";\n  }\n}")))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "codec, codec, true",
        "broker.spi, codec.QoS, true",
        "broker.routing, broker.spi.Message, true",
        "broker.session, broker.routing.Tree, true",
        "broker.session, broker.store.Gate.Inner, true",
        "broker.session, broker.session.A, true",
        "broker.net, codec.QoS, true",
        "broker, broker.net.A, true",
        "codec, broker.spi.Message, false",
        "broker.spi, broker.store.Gate, false",
        "broker.routing, broker.store.Gate, false",
        "broker.store, broker.routing.Tree, false",
        "broker.session, broker.net.Connection, false",
        "broker.net, broker.Broker, false",
        "broker.session, broker.*, false",
        "broker.session, broker.unheardof.A, false",
        "broker.unheardof, codec.QoS, false",
    })
    void knowsWhichWayPackagesPoint(String from, String to, boolean allowed) {
        String module = from.startsWith("broker") ? "mqtt-broker-core" : "mqtt-codec";
        String path = module + "/src/main/java/dev/dunlin/" + from.replace('.', '/') + "/A.java";
        String head = "package dev.dunlin." + from + ";\n";

        assertThat(TidyRules.arrows(SourceFile.of(path, head + "import dev.dunlin." + to + ";\nclass A {}")))
                .hasSize(allowed ? 0 : 1)
                .allMatch(finding -> finding.startsWith(path + ":2: "));
        if (!to.endsWith("*")) {
            String inline = head + "class A {\n  Object m() {\n    return new dev.dunlin." + to + "();\n  }\n}";
            assertThat(TidyRules.arrows(SourceFile.of(path, inline)))
                    .hasSize(allowed ? 0 : 1)
                    .allMatch(finding -> finding.startsWith(path + ":4: "));
        }
    }

    @Test
    void hidesTheRoomsOfTheCoreFromOtherModules() {
        String head = "package dev.dunlin.server;\n";
        assertThat(TidyRules.arrows(SourceFile.of(SERVER, head + "import dev.dunlin.broker.net.A;\nclass A {}")))
                .containsExactly(SERVER + ":2: net is hidden inside the core");
        assertThat(TidyRules.arrows(SourceFile.of(SERVER, head + "import dev.dunlin.broker.spi.A;\nclass A {}")))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[5.0:MQTT-99.9.9-1]",
                "[3.1.1:MQTT-3.3.1-99]",
                "[4.0:MQTT-3.3.1-2]",
                "[MQTT-3.3.1-2]",
                "[5.0:MQTT-4.8.2-4, -99]",
                "[5.0:MQTT-4.8.2-4, and more]",
                "see MQTT-3.3.1-2",
                "[5.0:MQTT-4.8.2-4,"
            })
    void findsAStatementThatDoesNotExist(String citation) {
        assertThat(TidyRules.statements(in(CODEC, "class A {}\n// " + citation), statements))
                .singleElement()
                .asString()
                .startsWith(CODEC + ":2: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[5.0:MQTT-3.3.1-2]",
                "[3.1.1:MQTT-3.3.1-2] and [5.0:MQTT-3.3.1-2]",
                "[5.0:MQTT-4.8.2-4, -5, -6]",
                "[3.1.1:MQTT-3.3.1-2, 5.0:MQTT-3.3.1-2, -3]",
                "[5.0:MQTT-4.8.2-4,\n * -5, 5.0 section 4.3]",
                "[5.0 section 4.3], MQTT-SN, an int[] of MQTT"
            })
    void acceptsStatementsThatExist(String citation) {
        assertThat(TidyRules.statements(in(CODEC, "class A {}\n/* " + citation + " */"), statements))
                .isEmpty();
    }

    private static SourceFile in(String path, String text) {
        return SourceFile.of(path, text);
    }

    private static void assertHolds(Function<SourceFile, List<String>> rule) {
        assertThat(sources.stream().flatMap(file -> rule.apply(file).stream())).isEmpty();
    }

    /** The first word of each line. */
    private static Set<String> ids(String list) throws IOException {
        try (InputStream in = TidyTest.class.getResourceAsStream("/spec/" + list)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.replaceFirst("\\s.*", ""))
                    .collect(Collectors.toSet());
        }
    }
}
