package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.Conformance.Rule;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every statement of the specification that binds a server has a test, and {@code docs/conformance.md} says which. */
class ConformanceTest {
    private static final Path PAGE = Path.of("docs", "conformance.md");

    private static final List<Rule> THREE = List.of(
            new Rule("3.1.1", "MQTT-1.0.0-1", "both", "first"),
            new Rule("5.0", "MQTT-1.0.0-1", "server", "second"),
            new Rule("5.0", "MQTT-1.0.0-2", "client", "third"));

    @Test
    void everyStatementThatBindsAServerIsProvenAndThePageSaysByWhat() throws IOException {
        Conformance conformance = new Conformance(statements(), notObservable());

        assertThat(conformance.read(SourceFile.testsOfAllModules())).isEmpty();

        Path page = SourceFile.root().resolve(PAGE);
        if (Boolean.getBoolean("dunlin.conformance.write")) {
            Files.writeString(page, conformance.page());
        }
        assertThat(page)
                .as("the page that the tests make; write it with%n%s", Conformance.COMMAND)
                .content()
                .isEqualTo(conformance.page());
    }

    @Test
    void theListsAreThoseOfTheSpecifications() {
        assertThat(count("3.1.1", "both", "client", "server")).isEqualTo(141);
        assertThat(count("3.1.1", "both", "server")).isEqualTo(127);
        assertThat(count("5.0", "both", "client", "server")).isEqualTo(251);
        assertThat(count("5.0", "both", "server")).isEqualTo(221);
    }

    private static long count(String version, String... binds) {
        return statements().stream()
                .filter(rule -> rule.version().equals(version))
                .filter(rule -> List.of(binds).contains(rule.binds()))
                .count();
    }

    // ---- what it finds

    @Test
    void isContentWhenEveryServerStatementHasATest() {
        assertThat(findings(test("@Test @Statement({\"3.1.1:MQTT-1.0.0-1\", \"5.0:MQTT-1.0.0-1\"})")))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "@org.junit.jupiter.api.Test @dev.dunlin.codec.testkit.Statement",
                "@ParameterizedTest @Statement",
                "@RepeatedTest(2) @Statement",
                "@TestFactory @Statement",
                "@OfOurs @Statement"
            })
    void knowsTestsOfAnyKind(String annotations) {
        SourceFile ours = source("x/OfOurs.java", "@ParameterizedTest @interface OfOurs {}");
        SourceFile test = test(annotations + "(value = {\"3.1.1:MQTT-1.0.0-1\", \"5.0:MQTT-1.0.0-1\"})");

        assertThat(conformance().read(List.of(ours, test))).isEmpty();
    }

    @Test
    void findsAServerStatementWithoutATest() {
        assertThat(findings(test("@Test @Statement(\"5.0:MQTT-1.0.0-1\")")))
                .containsExactly("no test proves 3.1.1:MQTT-1.0.0-1: first");
        assertThat(findings(test("@Test @Statement(\"3.1.1:MQTT-1.0.0-1\")")))
                .containsExactly("no test proves 5.0:MQTT-1.0.0-1: second");
    }

    @ParameterizedTest
    @ValueSource(strings = {"5.0:MQTT-1.0.0-3", "3.1.1:MQTT-1.0.0-2", "MQTT-1.0.0-1", "5.0:MQTT-1.0.0", ""})
    void findsAStatementThatDoesNotExist(String id) {
        assertThat(findings(proven(), test("@Test\n@Statement(\"" + id + "\")")))
                .containsExactly("x/ATest.java:3: there is no statement '" + id + "'");
    }

    @Test
    void findsAnIdThatIsNoString() {
        assertThat(findings(proven(), test("@Test @Statement(ID)")))
                .containsExactly("x/ATest.java:2: there is no statement 'ID'");
    }

    @Test
    void findsATestWithMoreThanThreeStatements() {
        List<Rule> four = IntStream.range(0, 4)
                .mapToObj(i -> new Rule("5.0", "MQTT-1.0.0-" + i, "client", "it"))
                .toList();
        String ids = four.stream().map(rule -> "\"" + rule.id() + "\"").collect(Collectors.joining(", "));

        assertThat(new Conformance(four, Map.of()).read(List.of(test("@Test @Statement({" + ids + "})"))))
                .containsExactly("x/ATest.java:2: ATest.provesIt names 4 statements, 1 to 3");
    }

    @Test
    void findsATestWithoutAStatementInItsAnnotationOrWithOneTwice() {
        assertThat(findings(proven(), test("@Test @Statement({})")))
                .containsExactly("x/ATest.java:2: ATest.provesIt names 0 statements, 1 to 3");
        assertThat(findings(proven(), test("@Test @Statement({\"5.0:MQTT-1.0.0-1\", \"5.0:MQTT-1.0.0-1\"})")))
                .containsExactly("x/ATest.java:2: ATest.provesIt names a statement twice");
    }

    @Test
    void findsAStatementOnWhatIsNoTest() {
        assertThat(findings(proven(), test("@BeforeEach @Statement(\"5.0:MQTT-1.0.0-1\")")))
                .containsExactly("x/ATest.java:2: ATest.provesIt is no test");
        assertThat(findings(proven(), test("@Test @Disabled @Statement(\"5.0:MQTT-1.0.0-1\")")))
                .containsExactly("x/ATest.java:2: ATest.provesIt is disabled, and proves nothing");
    }

    @Test
    void excusesWhatIsNotObservableAndSaysWhy() {
        Conformance conformance = new Conformance(THREE, Map.of("5.0:MQTT-1.0.0-1", "it is dark"));

        assertThat(conformance.read(List.of())).containsExactly("no test proves 3.1.1:MQTT-1.0.0-1: first");
        assertThat(conformance.page()).contains("| MQTT-1.0.0-1 | server | second | not observable: it is dark |\n");
    }

    @Test
    void findsWhatIsWrongInTheListOfTheNotObservable() {
        Map<String, String> list = new LinkedHashMap<>();
        list.put("5.0:MQTT-9.0.0-1", "unheard of");
        list.put("3.1.1:MQTT-1.0.0-1", " ");
        list.put("5.0:MQTT-1.0.0-1", "it has a test");

        assertThat(new Conformance(THREE, list).read(List.of(test("@Test @Statement(\"5.0:MQTT-1.0.0-1\")"))))
                .containsExactly(
                        "not observable: there is no statement 5.0:MQTT-9.0.0-1",
                        "not observable: 3.1.1:MQTT-1.0.0-1 has no reason",
                        "not observable: 5.0:MQTT-1.0.0-1 has a test, ATest.provesIt");
    }

    @Test
    void boundsTheListOfTheNotObservable() {
        List<Rule> many = IntStream.range(0, 13)
                .mapToObj(i -> new Rule("5.0", "MQTT-1.0.0-" + i, "server", "it"))
                .toList();
        Map<String, String> list = many.stream().collect(Collectors.toMap(Rule::id, rule -> "it is dark"));

        assertThat(new Conformance(many, list).read(List.of()))
                .containsExactly("13 statements are called not observable, at most 12");
    }

    @Test
    void writesATablePerVersion() {
        Conformance conformance = conformance();
        conformance.read(List.of(
                proven(),
                source(
                        "m/src/test/java/BTest.java",
                        "class BTest { class Inner { @Test @Statement(\"5.0:MQTT-1.0.0-2\") void m() {} } }")));

        assertThat(conformance.page()).startsWith("# ").endsWith("""

                        ## MQTT 3.1.1

                        1 statements; 1 bind a server, of which 1 have a test.

                        | statement | binds | what | tests |
                        |---|---|---|---|
                        | MQTT-1.0.0-1 | both | first | [ATest.provesIt](../x/ATest.java) |

                        ## MQTT 5.0

                        2 statements; 1 bind a server, of which 1 have a test.

                        | statement | binds | what | tests |
                        |---|---|---|---|
                        | MQTT-1.0.0-1 | server | second | [ATest.provesIt](../x/ATest.java) |
                        | MQTT-1.0.0-2 | client | third | [BTest.Inner.m](../m/src/test/java/BTest.java) |
                        """);
    }

    private static Conformance conformance() {
        return new Conformance(THREE, Map.of());
    }

    private static List<String> findings(SourceFile... tests) {
        return conformance().read(List.of(tests));
    }

    /** A test that proves all that has to be proven. */
    private static SourceFile proven() {
        return test("@Test @Statement({\"3.1.1:MQTT-1.0.0-1\", \"5.0:MQTT-1.0.0-1\"})");
    }

    private static SourceFile test(String annotations) {
        return source("x/ATest.java", "class ATest {\n" + annotations + "\nvoid provesIt() {}\n}");
    }

    private static SourceFile source(String path, String text) {
        return SourceFile.of(path, text);
    }

    // ---- the lists

    private static List<Rule> statements() {
        List<Rule> rules = new ArrayList<>();
        lines("mqtt311-ids.txt").map(line -> Rule.of("3.1.1", line)).forEach(rules::add);
        lines("mqtt5-ids.txt").map(line -> Rule.of("5.0", line)).forEach(rules::add);
        return rules;
    }

    /** Id and reason, a line each. */
    private static Map<String, String> notObservable() {
        Map<String, String> reasons = new LinkedHashMap<>();
        lines("not-observable.txt").map(line -> line.split("\\s+", 2)).forEach(columns -> {
            String before = reasons.put(columns[0], columns.length == 1 ? "" : columns[1]);
            assertThat(before).as("named twice: " + columns[0]).isNull();
        });
        return reasons;
    }

    private static Stream<String> lines(String list) {
        try (InputStream in = ConformanceTest.class.getResourceAsStream("/spec/" + list)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines();
        } catch (IOException e) {
            throw new AssertionError("can't read " + list, e);
        }
    }
}
