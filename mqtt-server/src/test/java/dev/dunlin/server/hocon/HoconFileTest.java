package dev.dunlin.server.hocon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.server.hocon.Given.Option;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a configuration file is read: what is refused, and in which words; what counts before what; what is printed. */
final class HoconFileTest {
    @TempDir
    private Path folder;

    private HoconBrokers brokers;

    @BeforeEach
    void prepare() {
        brokers = new HoconBrokers(folder);
    }

    // ---- what is refused

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            listner = []                     | there is no key listner; did you mean listeners?
            store.engin = memory             | there is no key store.engin; did you mean store.engine?
            Store.engine = memory            | there is no key Store; did you mean store?
            password-file = x                | there is no key password-file; did you mean security.password-file?
            limits.queueBytesMax = 1         | there is no key limits.queueBytesMax; did you mean limits.queue-bytes-max?
            port = 1                         | there is no key port; did you mean listener-defaults.port?
            listeners = [{prot = 1}]         | there is no key listeners[0].prot; did you mean listeners[0].port?
            listeners = [{}, {chain = x}]    | there is no key listeners[1].chain; did you mean listeners[1].tls.chain?
            listener-defaults.tls.cert = x   | there is no key listener-defaults.tls.cert; did you mean listener-defaults.tls.key?
            listeners = [{limits.sessions-max = 1}] | there is no key listeners[0].limits.sessions-max; did you mean
            x.y = 1                          | there is no key x; did you mean
            tcp-no-delay = maybe             | tcp-no-delay is true or false, not 'maybe'
            loops = 0                        | loops is a whole number from 1 to 1024, not '0'
            loops = 1.5                      | loops is a whole number from 1 to 1024, not '1.5'
            loops = [1]                      | loops is one value, not a list
            store = x                        | store is a section with keys of its own
            store.engine { a = 1 }           | store.engine is one value, not a section
            store.durability = memory        | store.durability is power or process, not 'memory'
            pid-file = ""                    | pid-file is a text without control characters, not ''
            sys-interval = 10                | sys-interval is 0, or a time from 1 s to 86400 s such as 10s, not '10'
            sys-interval = 10 MB             | sys-interval is 0, or a time from 1 s to 86400 s such as 10s, not '10 MB'
            sys-interval = 2 days            | sys-interval is 0, or a time from 1 s to 86400 s such as 10s, not '2 days'
            limits.connections-max = 1 KiB   | limits.connections-max is a whole number, not '1 KiB'
            limits.connections-max = -1      | limits.connections-max is a whole number, not '-1'
            limits.connections-max = 5000000000 | limits.connections-max is at most 2147483647, not '5000000000'
            limits.connections-max = 0       | limits.connections-max is 0, not between 1 and 2147483647
            limits.queue-bytes-max = 5s      | limits.queue-bytes-max is a number of bytes, or one with its unit such as 64 MiB, not '5s'
            limits.connect-timeout-ms = 5 MB | limits.connect-timeout-ms is a number of milliseconds, or one with its unit such as 10s
            limits.keep-alive-max-seconds = 1500ms | limits.keep-alive-max-seconds is a number of seconds, or one with its unit
            limits.stuck-consumer-ms = 500us | limits.stuck-consumer-ms is a number of milliseconds, or one with its unit
            limits.queue-overflow = drop     | limits.queue-overflow is drop-newest or drop-oldest or disconnect, not 'drop'
            listeners = []                   | listeners is a list with at least one listener in it
            listeners = {}                   | listeners is a list with at least one listener in it
            listeners = [7]                  | listeners[0] is a section: { ... }
            listener-defaults = 7            | listener-defaults is a section
            listeners = [{port = 65536}]     | listeners[0].port is a whole number from 0 to 65535, not '65536'
            listeners = [{unix-socket = s, unix-mode = 660}] | listeners[0].unix-mode is what a file permits, such as rw-rw----, not '660'
            listeners = [{websocket-path = x}] | listeners[0].websocket-path is a path, such as /mqtt, not 'x'
            listeners = [{proxy-protocol-from = [x/8]}] | listeners[0].proxy-protocol-from is an address, or a range such as 192.0.2.0/24, not 'x/8'
            """)
    void namesWhatItDoesNotUnderstand(String line, String message) {
        assertThat(brokers.faults("", line))
                .singleElement()
                .asString()
                .startsWith("dunlin.conf:2: ")
                .contains(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"listeners = [{ port = 1", "listener-defaults { port = 1", "listeners = [{}", "listeners = [{},"
            })
    void saysThatABracketIsOpen(String line) {
        assertThat(brokers.faults(line)).containsExactly("dunlin.conf:2: the file ends before each { and [ is closed");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            a =         | the value is missing, or a bracket is open
            listeners = | the value is missing, or a bracket is open
            a +=        | the value is missing, or a bracket is open
            a { b =     | the value is missing, or a bracket is open
            include     | include keyword is not followed by a quoted string, but by: end of file
            a           | Key 'a' may not be followed by token: end of file
            """)
    void doesNotSayThatABracketIsOpenWhereNoneMayBe(String line, String message) {
        // The word alone would be a key.
        assertThat(brokers.faults(line.equals("include") ? "include " : line))
                .singleElement()
                .asString()
                .endsWith(": " + message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            {tls.chain = c}                  | listener tls has tls.chain, which needs tls.key
            {tls.key = k}                    | listener tcp has tls.key, which needs tls.chain
            {tls.min-version = 1.3}          | listener tcp has tls.min-version, which needs tls.chain and tls.key
            {tls {chain = c, key = k, user-name-from = cn}} | listener tls has tls.user-name-from, which needs tls.client-ca
            {unix-socket = s, port = 1}      | listener unix has port beside unix-socket
            {unix-socket = s, tls.chain = c} | listener unix has tls.chain beside unix-socket
            {unix-mode = rw-------}          | listener tcp has unix-mode, which is for a unix-socket
            {name = a}, {name = a}           | listener a is there already, in
            {addresses = "::x", security.anonymous = true} | has '::x' in addresses, which is no address
            {addresses = ["::1", "[::1]"]}   | a listener needs hosts, each once
            {addresses = []}                 | a listener needs hosts
            {addresses = 0.0.0.0}            | listener tcp can be reached by other machines at 0.0.0.0: give users passwords
            {addresses = ["127.0.0.1", "::"], tls {chain = c, key = k, client-ca = a, client-cert = optional}} | can be reached by other machines at ::
            {addresses = "::", tls {chain = c, key = k}} | can be reached by other machines at ::
            {security.anonymous = false}     | listener tcp lets nobody in: security.anonymous is false, and there is no security.password-file
            {unix-socket = s, security.anonymous = false} | listener unix lets nobody in: security.anonymous is false
            {features.mount-point = "#"}     | listener tcp
            """)
    void namesWhatDoesNotGoTogether(String listeners, String message) {
        assertThat(brokers.faults("listeners = [" + listeners + "]"))
                .singleElement()
                .asString()
                .startsWith("dunlin.conf:1: ")
                .contains(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            a = [1,                          | dunlin.conf:3: the file ends before each { and [ is closed
            a = ${nope}                      | dunlin.conf:2: Could not resolve substitution to a value: ${nope}
            a : : 3                          | dunlin.conf:2: Expecting a value but got wrong token: ':'
            include "nope.conf"              | dunlin.conf:2: nope.conf can't be read: there is no such file
            include file("nope.conf")        | dunlin.conf:2: nope.conf can't be read: there is no such file
            include "dunlin.conf"            | dunlin.conf:2: include: dunlin.conf includes itself
            include url("http://localhost:1/x") | dunlin.conf:2: include takes a file, not 'http://localhost:1/x'
            include "a\\u0000b"              | dunlin.conf: include takes a path in the locale
            include classpath("x")           | dunlin.conf:2: include takes a file, not 'x'
            """)
    void namesWhatIsNoHocon(String line, String message) {
        assertThat(brokers.faults("", line)).singleElement().asString().startsWith(message);
    }

    @Test
    void saysInOneSentenceThatAFileIsMissingOrNoText() throws Exception {
        Path missing = folder.resolve("missing.conf");
        assertThat(HoconFile.read(missing, Given.NOTHING).faults())
                .containsExactly(missing + ": can't be read: there is no such file");
        Path latin = Files.write(folder.resolve("latin"), "# \u00fc".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(HoconFile.read(latin, Given.NOTHING).faults()).containsExactly(latin + ": is not UTF-8");
    }

    @Test
    void namesTheFileAndTheLineOfWhatIsIncluded() {
        brokers.file("more.conf", "limits {", "  connection-max = 1", "}");
        assertThat(brokers.faults("include \"more.conf\"", "lops = 1"))
                .containsExactly(
                        "dunlin.conf:2: there is no key lops; did you mean loops?",
                        "more.conf:2: there is no key limits.connection-max; did you mean limits.connections-max?");
    }

    @Test
    void namesAllAtOnceButNoMoreThanTwentyLines() {
        String[] lines = IntStream.range(0, 30).mapToObj(i -> "x" + i + " = 1").toArray(String[]::new);
        assertThat(brokers.faults(lines))
                .hasSize(20)
                .startsWith("dunlin.conf:1: there is no key x0; did you mean log?")
                .endsWith("and 11 more");
    }

    // ---- what counts before what

    private HoconFile read(Given given, String... lines) {
        return HoconFile.read(brokers.file("dunlin.conf", lines), given);
    }

    @Test
    void takesTheCommandLineBeforeTheEnvironmentBeforeTheFileBeforeTheDefaults() {
        Given given = new Given(
                Map.of(
                        "DUNLIN_CONFIG_STORE__ENGINE",
                        "env",
                        "DUNLIN_CONFIG_LIMITS__QUEUE_BYTES_MAX",
                        "2 MiB",
                        "HOME",
                        "x"),
                List.of(new Option("--store", "store.engine", "option")),
                List.of());
        HoconFile file = read(given, "store { engine = file, durability = process }", "limits.queue-bytes-max = 1 MiB");
        assertThat(file.faults()).isEmpty();
        assertThat(brokers.withoutFolder(file.printed().lines().toList()))
                .contains(
                        "store.engine = \"option\"  # --store",
                        "limits.queue-bytes-max = 2097152  # DUNLIN_CONFIG_LIMITS__QUEUE_BYTES_MAX",
                        "store.durability = \"process\"  # dunlin.conf:1",
                        "store.data = \"data\"  # default",
                        "sys-interval = \"10s\"  # default");
    }

    @Test
    void namesVariablesThatAreNoKeysOrHaveAWrongValue() {
        Given given = new Given(
                Map.of("DUNLIN_CONFIG_STORE__ENGIN", "x", "DUNLIN_CONFIG_LOOPS", "many", "DUNLIN_CONFIG_A\"B", "x"),
                List.of(),
                List.of());
        assertThat(read(given).faults())
                .containsExactly(
                        "DUNLIN_CONFIG_A\"B: there is no key \"a\\\"b\"; did you mean admin?",
                        "DUNLIN_CONFIG_LOOPS: loops is a whole number from 1 to 1024, not 'many'",
                        "DUNLIN_CONFIG_STORE__ENGIN: there is no key store.engin; did you mean store.engine?");
    }

    @Test
    void putsInWhatTheEnvironmentHas() {
        HoconFile file = read(Given.NOTHING, "pid-file = ${?PATH}", "loops = ${?NO_SUCH_VARIABLE_HERE}");
        assertThat(file.faults()).isEmpty();
        assertThat(file.broker().text(Keys.PID_FILE)).isEqualTo(System.getenv("PATH"));
        assertThat(file.broker().numberOrNull(Keys.LOOPS)).isNull();
        assertThat(file.printed()).contains("# environment");
    }

    @Test
    void takesPortsForTheListenersOnTcp() {
        String listeners = "listeners = [{unix-socket = s}, {port = 1}, {port = 2, name = b}, {}]";
        HoconFile file = read(new Given(Map.of(), List.of(), List.of(0, 7)), listeners);
        assertThat(file.listeners())
                .extracting(listener -> listener.all().number(Keys.PORT))
                .containsExactly(1883, 0, 7, 1883);
        assertThat(file.listeners()).extracting(ListenerSettings::name).containsExactly("unix", "tcp", "b", "tcp-2");
        assertThat(read(new Given(Map.of(), List.of(), List.of(0, 0, 0, 0)), listeners)
                        .faults())
                .containsExactly("--port: there are more ports than listeners on TCP");
    }

    @Test
    void takesNullForTheDefault() {
        HoconFile file = read(
                Given.NOTHING,
                "sys-interval = null",
                "listener-defaults.tls { chain = c, key = k }",
                "listeners = [{}, {port = null, tls.chain = null, tls.key = null}]");
        assertThat(file.faults()).isEmpty();
        assertThat(file.broker().time(Keys.SYS_INTERVAL)).hasSeconds(10);
        assertThat(file.listeners()).extracting(ListenerSettings::hasTls).containsExactly(true, false);
        assertThat(file.listeners().get(1).all().number(Keys.PORT)).isEqualTo(1883);
    }

    @Test
    void findsWhatTheReferenceSaysGood() {
        assertThat(brokers.faults(HoconFile.reference().split("\n"))).isEmpty();
    }

    // ---- what is said of it

    @Test
    void printsNoPassword() {
        String printed = read(Given.NOTHING, "listeners = [{tls {chain = c, key = k, key-password = opensesame}}]")
                .printed();
        assertThat(printed).contains("listeners[0].tls.key-password = ***").doesNotContain("opensesame");
    }

    @Test
    void namesWhatNeedsARestart() {
        HoconBroker before =
                brokers.broker("loops = 1", "log.level = warn", "pid-file = p", "limits.connections-max = 5");
        brokers.file("dunlin.conf", "loops = 2", "log.level = info", "listeners = [{tls {chain = c, key = k}}]");
        assertThat(brokers.withoutFolder(before.take(before.file().again())))
                .containsExactlyInAnyOrder(
                        "loops has changed (dunlin.conf:1): that needs a restart",
                        "pid-file is gone: that needs a restart",
                        "listeners[0].tls.chain has changed (dunlin.conf:3): that needs a restart",
                        "listeners[0].tls.key has changed (dunlin.conf:3): that needs a restart");
        brokers.file("dunlin.conf", "listeners = [{}, {port = 1}]");
        assertThat(before.take(before.file().again()))
                .containsExactly("listeners has 2 in it now, not 1: that needs a restart");
        brokers.file(
                "dunlin.conf", "log.level = trace", "loops = 1", "pid-file = p", "# 2", "limits.connections-max = 5");
        assertThat(before.take(before.file().again())).isEmpty();
    }

    @Test
    void knowsWhichFilesItReads() {
        brokers.file("more.conf", "security.acl-file = acl");
        HoconFile file = brokers.read(
                "include \"more.conf\"",
                "security.password-file = users",
                "listeners = [{tls {chain = c, key = k, client-ca = [a, b], client-crl = l}}, {name = x, security.acl-file = own}]");
        assertThat(file.faults()).isEmpty();
        assertThat(file.files()).containsExactly(folder.resolve("dunlin.conf"), folder.resolve("more.conf"));
        assertThat(file.namedFiles())
                .extracting(Path::toString)
                .containsExactlyInAnyOrder("users", "acl", "own", "c", "k", "a", "b", "l");
    }
}
