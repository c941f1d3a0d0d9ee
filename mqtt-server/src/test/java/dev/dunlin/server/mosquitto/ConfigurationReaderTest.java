package dev.dunlin.server.mosquitto;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines of configurations, read as Mosquitto 2.0.11 reads them; what it was seen to do is in docs/from-mosquitto.md. */
final class ConfigurationReaderTest {
    @TempDir
    private Path folder;

    private Configuration read(String... lines) throws Exception {
        return Configuration.read(Files.writeString(folder.resolve("m.conf"), String.join("\n", lines)));
    }

    private static List<String> texts(Configuration configuration) {
        return configuration.findings().stream().map(Finding::text).toList();
    }

    @Test
    void skipsCommentsAndBlankLinesAndTakesCrLf() throws Exception {
        Configuration read =
                read("# a comment\r\n\r\n   \n" + "#" + "x".repeat(100_000) + "\n  max_queued_messages   7\r\n"
                        + "persistence true # and a comment behind a word\nauto_id_prefix  a b # c  \r\n");
        assertThat(read.findings()).isEmpty();
        assertThat(read.broker().number(Key.MAX_QUEUED_MESSAGES)).isEqualTo(7);
        assertThat(read.broker().flag(Key.PERSISTENCE)).isTrue();
        assertThat(read.broker().text(Key.AUTO_ID_PREFIX)).isEqualTo("a b # c");
    }

    @Test
    void takesTheLastOfNumbersFlagsAndWords() throws Exception {
        Configuration read = read(
                "max_queued_messages 1",
                "max_queued_messages 2",
                "persistence 1",
                "persistence 0",
                "protocol websockets",
                "protocol mqtt");
        assertThat(read.findings()).isEmpty();
        assertThat(read.broker().number(Key.MAX_QUEUED_MESSAGES)).isEqualTo(2);
        assertThat(read.broker().flag(Key.PERSISTENCE)).isFalse();
        assertThat(read.listeners().get(0).isWebSocket()).isFalse();
    }

    @Test
    void knowsOtherNamesOfKeys() throws Exception {
        Configuration read = read("maximum_qos 1\nretained_persistence true\n");
        assertThat(read.broker().flag(Key.PERSISTENCE)).isTrue();
        assertThat(read.listeners().get(0).settings().number(Key.MAX_QOS)).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            persistence                       | persistence has no value
            persistence yes                   | persistence is true or false, not 'yes'
            persistence TRUE                  | persistence is true or false, not 'TRUE'
            Persistence true                  | Persistence: no such key; did you mean persistence?
            max_queued_message 7              | max_queued_message: no such key; did you mean max_queued_messages?
            max_queued_messages 5x            | max_queued_messages is a number, not '5x'
            max_inflight_messages 65536       | max_inflight_messages is 0 to 65535, not 65536
            max_keepalive 0                   | max_keepalive is 1 to 65535, not 0
            max_packet_size 19                | max_packet_size is 20 to 268435460, not 19
            message_size_limit 268435456      | message_size_limit is 0 to 268435455, not 268435456
            memory_limit -1                   | memory_limit is 0 to 9223372036854775807, not -1
            max_qos 3                         | max_qos is 0 to 2, not 3
            max_topic_alias 65536             | max_topic_alias is 0 to 65535, not 65536
            sys_interval 65536                | sys_interval is 0 to 65535, not 65536
            websockets_headers_size 65536     | websockets_headers_size is 0 to 65535, not 65536
            protocol mqttsn                   | protocol is mqtt or websockets, not 'mqttsn'
            socket_domain ipv5                | socket_domain is ipv4 or ipv6, not 'ipv5'
            persistent_client_expiration 5    | persistent_client_expiration is a number with h, d, w, m or y, such as 14d, not '5'
            persistent_client_expiration 0d   | persistent_client_expiration is a number with h, d, w, m or y, such as 14d, not '0d'
            mount_point a/                    | mount_point comes after the listener that it is for
            log_dest foo                      | log_dest is none, stdout, stderr, topic or file, not 'foo'
            log_dest file                     | log_dest has no value
            log_type foo                      | log_type can't be 'foo'
            tls_version x                     | tls_version is tlsv1.2 or tlsv1.3, not 'x'
            listener                          | listener has no value
            listener x                        | listener is a number, not 'x'
            listener 0                        | listener 0 needs the path of a Unix domain socket
            listener 65536                    | listener is 0 to 65535, not 65536
            port 0                            | port is 1 to 65535, not 0
            include_dir                       | include_dir has no value
            """)
    void refusesWhatMosquittoRefuses(String line, String text) throws Exception {
        Configuration read = read("\n" + line + "\n");
        assertThat(texts(read)).containsExactly(text);
        assertThat(read.findings().get(0).place()).isEqualTo(new Place(folder.resolve("m.conf"), 2));
        assertThat(read.findings().get(0).ignorable()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "user mosquitto",
                "connection x",
                "bridge_cafile x",
                "autosave_interval 5",
                "log_dest syslog",
                "log_type subscribe",
                "tls_version tlsv1.1",
                "max_packet_size 20",
                "websockets_headers_size 100",
                "log_timestamp_format %U",
                "log_timestamp_format %",
                "tls_version tlsv1.3",
                "check_retain_source true",
                "disable_client_cert_date_checks true"
            })
    void takesWhatCanBeDoneWithoutForIgnorable(String line) throws Exception {
        assertThat(read(line).findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.ignorable()).isTrue());
        assertThat(UnsupportedKeys.all().keySet())
                .noneMatch(key -> Key.named(key) != null)
                .hasSizeGreaterThan(40);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plugin /x",
                "plugin_opt_x y",
                "global_plugin /x",
                "auth_plugin /x",
                "auth_plugin_deny_special_chars true",
                "auth_opt_host x",
                "psk_file x",
                "psk_hint x",
                "use_username_as_clientid true",
                "websockets_origin x",
                "require_certificate true",
                "use_identity_as_username true",
                "use_subject_as_username true",
                "cafile x",
                "capath x",
                "crlfile x"
            })
    void neverIgnoresWhatKeepsClientsOut(String line) throws Exception {
        assertThat(read("listener 1\nallow_anonymous true\n" + line).findings())
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.ignorable()).isFalse();
                    assertThat(finding.place().line()).isEqualTo(3);
                    assertThat(finding.text())
                            .endsWith(", and can't be ignored, as it decides who comes in or may do what");
                });
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            mount_point site             | mount_point has to end with /, as in 'site/', not be 'site'
            mount_point a/+/             | mount_point can't have wildcards: 'a/+/'
            mount_point $share/          | mount_point can't begin as a shared filter does: '$share/'
            """)
    void refusesAMountPointThatCanBeNone(String line, String text) throws Exception {
        assertThat(read("listener 1\n" + line).findings())
                .containsExactly(new Finding(new Place(folder.resolve("m.conf"), 2), text, false));
    }

    @Test
    void refusesASecondLogFile() throws Exception {
        assertThat(read("log_dest file a\nlog_dest none\nlog_dest file a\n").findings())
                .containsExactly(new Finding(
                        new Place(folder.resolve("m.conf"), 3),
                        "log_dest file is there already, and there is one log file only",
                        false));
        assertThat(texts(read("log_dest stdout\nlog_dest stdout\nlog_dest file a\n")))
                .isEmpty();
    }

    @Test
    void findsEverythingAtOnce() throws Exception {
        assertThat(texts(read("x 1\nuser u\npersistence 7\n\ttab 1\n   # indented\n")))
                .hasSize(5);
    }

    @Test
    void tellsWhatIsNoText() throws Exception {
        Files.write(folder.resolve("m.conf"), "auto_id_prefix \u00ff\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(texts(Configuration.read(folder.resolve("m.conf")))).containsExactly("is not UTF-8");
        assertThat(texts(read("\uFEFFlistener 1\n"))).singleElement().asString().contains("byte order mark");
        assertThat(texts(read("auto_id_prefix a\u0001\n")))
                .singleElement()
                .asString()
                .contains("control characters");
        assertThat(texts(read("auto_id_prefix " + "x".repeat(65_536))))
                .singleElement()
                .asString()
                .contains("more than 65535");
        assertThat(texts(Configuration.read(folder.resolve("none"))))
                .containsExactly("can't be read: there is no such file");
    }

    @Test
    void refusesATextThatIsThereTwice() throws Exception {
        assertThat(texts(read("acl_file a\nacl_file b\n")))
                .containsExactly("acl_file is there already, in " + folder.resolve("m.conf") + ":1");
        assertThat(texts(read("listener 1\ncertfile a\nkeyfile a\nlistener 2\ncertfile a\nkeyfile a\n")))
                .isEmpty();
    }

    // ---- listeners

    private static List<String> names(Configuration read) {
        return read.listeners().stream().map(ListenerSection::name).toList();
    }

    @Test
    void givesKeysToTheListenerBeforeThem() throws Exception {
        Configuration read = read("listener 1\nmax_qos 1\nlistener 2 ::1 # here\nmax_connections 5\nlistener 0 /s\n");
        assertThat(read.findings()).isEmpty();
        assertThat(names(read)).containsExactly("1", "[::1]:2", "/s");
        assertThat(read.listeners().get(0).settings().number(Key.MAX_QOS)).isEqualTo(1);
        assertThat(read.listeners().get(1).settings().number(Key.MAX_QOS)).isEqualTo(2);
        assertThat(read.listeners().get(1).settings().number(Key.MAX_CONNECTIONS))
                .isEqualTo(5);
        assertThat(read.local()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "max_connections 5, true",
        "max_connections -3, true",
        "max_qos 1, true",
        "max_qos 2, false",
        "port 1883, true",
        "max_topic_alias 5, false",
        "tls_version tlsv1.2, false",
        "allow_anonymous true, false"
    })
    void opensTheDefaultListenerBesideOthersAsMosquittoDoes(String line, boolean opened) throws Exception {
        Configuration read = read(line + "\nlistener 1");
        assertThat(names(read)).isEqualTo(opened ? List.of("1883", "1") : List.of("1"));
        assertThat(read.local()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"max_connections 5, true", "port 1, false", "bind_address localhost, false", "bind_interface lo, false"
    })
    void isLocalUntilItIsToldWhereToListen(String line, boolean local) throws Exception {
        assertThat(read(line).local()).isEqualTo(local);
        assertThat(read(line).listeners()).hasSize(1);
    }

    @Test
    void refusesAListenerThatIsThereTwice() throws Exception {
        assertThat(texts(read("listener 1\nlistener 1 ::1\nlistener 1")))
                .containsExactly("listener 1 is there already, in " + folder.resolve("m.conf") + ":1");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            certfile c                                     | certfile needs keyfile
            keyfile k                                      | keyfile needs certfile
            require_certificate true                       | require_certificate needs cafile or capath
            crlfile l                                      | crlfile needs require_certificate true
            use_identity_as_username true                  | use_identity_as_username needs require_certificate true
            use_subject_as_username true                   | use_subject_as_username needs require_certificate true
            use_subject_as_username false                  |
            """)
    void refusesAListenerWithHalfOfWhatItNeeds(String line, String text) throws Exception {
        String tls = line.matches("(cert|key)file.*") ? "" : "certfile c\nkeyfile k\n";
        assertThat(texts(read("listener 1\n" + tls + line))).isEqualTo(text == null ? List.of() : List.of(text));
        assertThat(read("listener 1\n" + tls + line).findings())
                .allSatisfy(finding -> assertThat(finding.ignorable()).isEqualTo(line.startsWith("crlfile")));
        assertThat(texts(read("listener 0 /s\nprotocol websockets"))).hasSize(1);
    }

    // ---- per_listener_settings

    @Test
    @Shows(Key.PER_LISTENER_SETTINGS)
    void takesAccessForEachListener() throws Exception {
        Configuration read = read(
                "per_listener_settings true",
                "allow_anonymous true",
                "listener 1",
                "password_file a",
                "listener 2",
                "password_file b",
                "per_listener_settings false",
                "acl_file c");
        assertThat(read.findings()).isEmpty();
        assertThat(names(read)).containsExactly("1", "2");
        assertThat(read.access(read.listeners().get(0)).text(Key.PASSWORD_FILE)).isEqualTo("a");
        assertThat(read.access(read.listeners().get(0)).flag(Key.ALLOW_ANONYMOUS))
                .isFalse();
        assertThat(read.access(read.listeners().get(1)).text(Key.ACL_FILE)).isEqualTo("c");
    }

    @ParameterizedTest
    @ValueSource(strings = {"allow_anonymous true", "acl_file a", "auto_id_prefix x", "plugin p"})
    void wantsPerListenerSettingsBeforeAccess(String line) throws Exception {
        assertThat(texts(read(line + "\nper_listener_settings true")))
                .last()
                .asString()
                .startsWith("per_listener_settings true has to stand before any key");
    }

    // ---- include_dir

    @Test
    @Shows(Key.INCLUDE_DIR)
    void includesFilesInMosquittosOrderAndAtTheDefaultListener() throws Exception {
        Path included = Files.createDirectory(folder.resolve("d"));
        for (String name : List.of("Ab", "aA", "aB", "AA", "a.b", "a-b", "B", "0")) {
            Files.writeString(included.resolve(name + ".conf"), "max_qos 1\n");
        }
        Files.writeString(included.resolve("x.CONF"), "garbage\n");
        Files.writeString(included.resolve("x.txt"), "garbage\n");
        Configuration read = read("listener 1\ninclude_dir " + included + "\nmax_topic_alias 3\n");
        assertThat(read.findings()).isEmpty();
        assertThat(read.files().stream().skip(1).map(file -> file.getFileName().toString()))
                .containsExactly(
                        "0.conf", "AA.conf", "Ab.conf", "a-b.conf", "a.b.conf", "aA.conf", "aB.conf", "B.conf");
        assertThat(names(read)).containsExactly("1883", "1");
        assertThat(read.listeners().get(0).settings().number(Key.MAX_QOS)).isEqualTo(1);
        assertThat(read.listeners().get(1).settings().number(Key.MAX_TOPIC_ALIAS))
                .isEqualTo(3);
    }

    @Test
    void includesFromTheMainFileOnly() throws Exception {
        Path included = Files.createDirectory(folder.resolve("d"));
        Path file = Files.writeString(included.resolve("a.conf"), "include_dir x\n");
        assertThat(read("include_dir " + included).findings())
                .containsExactly(new Finding(
                        new Place(file, 1), "include_dir has no effect in a file that is included itself", true));
        assertThat(texts(read("include_dir " + folder.resolve("none"))))
                .containsExactly("include_dir " + folder.resolve("none") + " can't be read: there is no such file");
    }
}
