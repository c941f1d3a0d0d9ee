package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.Listener;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.testkit.TestCertificate;
import dev.dunlin.server.Child.Ended;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.ParseResult;

/** Administration over HTTP as the command line has it: when it is there, what is printed of it, and how it ends. */
@Timeout(120)
final class AdminProcessTest {
    private static final String LISTENING = "dunlin listening on ";
    private static final String ADMINISTERED = "dunlin administered at ";

    @TempDir
    private Path folder;

    private final HttpClient http = HttpClient.newHttpClient();

    /** The lines of a broker in memory, of which the last one tells where it is administered. */
    private static String administered(Child broker) throws Exception {
        String line = broker.readLine();
        while (line.startsWith(LISTENING)) {
            line = broker.readLine();
        }
        assertThat(line).startsWith(ADMINISTERED);
        return line.substring(ADMINISTERED.length());
    }

    private HttpRequest request(String uri, String path, String token) {
        return HttpRequest.newBuilder(URI.create(uri.replaceFirst("/(#.*)?$", path)))
                .header("Authorization", "Bearer " + token)
                .build();
    }

    private HttpResponse<String> get(String uri, String path, String token) throws Exception {
        return http.send(request(uri, path, token), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void printsWhereItIsAdministeredAndEndsInTimeBesideAStream() throws Exception {
        ProcessBuilder command =
                Child.broker("--port", "0", "--ws-port", "0", "--admin-port", "0", "--data", folder.resolve("d") + "");
        try (Child broker = Child.start(command)) {
            assertThat(broker.readLine()).startsWith("dunlin listening on tcp://127.0.0.1:");
            assertThat(broker.readLine()).matches("dunlin listening on ws://127\\.0\\.0\\.1:[1-9][0-9]*/mqtt");
            String uri = administered(broker);
            assertThat(uri).matches("http://127\\.0\\.0\\.1:[1-9][0-9]*/#token=[A-Za-z0-9_-]{22}");
            String token = uri.replaceFirst(".*=", "");
            assertThat(get(uri, "/api/v1/overview", token).body())
                    .contains("\"store\":\"rocksdb\",\"durability\":\"power\"", "\"version\":\"" + Version.number());
            assertThat(get(uri, "/api/v1/overview", "x").statusCode()).isEqualTo(401);
            HttpRequest reload = HttpRequest.newBuilder(request(uri, "/api/v1/reload", token), (name, value) -> true)
                    .POST(HttpRequest.BodyPublishers.noBody())
                    .build();
            assertThat(http.send(reload, HttpResponse.BodyHandlers.ofString()).body())
                    .isEqualTo("{\"reloaded\":[],\"needRestart\":[]}\n");
            HttpResponse<InputStream> stream =
                    http.send(request(uri, "/api/v1/stream", token), HttpResponse.BodyHandlers.ofInputStream());

            Ended ended = broker.terminate().end();

            assertThat(ended.code()).isZero();
            assertThat(ended.out()).isEmpty();
            assertThat(ended.err())
                    .singleElement()
                    .asString()
                    .contains("admin: refused 127.0.0.1: it has another token");
            assertThat(new String(stream.body().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("event: sample\ndata: {");
        }
    }

    @Test
    void takesTheTokenFromAFileAndDoesNotPrintIt() throws Exception {
        Path file = Files.writeString(folder.resolve("token"), "0123456789abcdef\n");
        try (Child broker = Child.start(Child.broker(
                "--port", "0", "--store", "memory", "--admin-port", "0", "--admin-token-file", file + ""))) {
            String uri = administered(broker);
            assertThat(uri).matches("http://127\\.0\\.0\\.1:[1-9][0-9]*/");
            assertThat(get(uri, "/metrics", "0123456789abcdef").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void isReachedByOthersOverTlsWithATokenOfTheUsers() throws Exception {
        TestCertificate own = TestCertificate.shared();
        String token = Files.writeString(folder.resolve("token"), "0123456789abcdef") + "";
        String open = "--port 0 --store memory --admin-port 0 --admin-bind 0.0.0.0 --admin-token-file " + token;
        Child.assertRefused(Child.broker((open + " --cert missing --key missing").split(" ", -1)), "missing");
        String tls = open + " --cert " + own.chain() + " --key " + own.key();
        try (Child broker = Child.start(Child.broker(tls.split(" ", -1)))) {
            String uri = administered(broker);
            assertThat(uri).matches("https://0\\.0\\.0\\.0:[1-9][0-9]*/");
            HttpClient trusting =
                    HttpClient.newBuilder().sslContext(own.trusting()).build();
            URI overview = URI.create("https://localhost:" + URI.create(uri).getPort() + "/api/v1/overview");
            HttpRequest request = HttpRequest.newBuilder(overview)
                    .header("Authorization", "Bearer 0123456789abcdef")
                    .build();
            assertThat(trusting.send(request, HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void aFileMayAskForIt() throws Exception {
        Path file = Files.write(
                folder.resolve("dunlin.conf"),
                List.of("store.engine = memory", "listeners = [{ port = 0 }]", "admin { port = 0, bind = \"::1\" }"));
        try (Child broker = Child.start(Child.broker("--config", file.toString()))) {
            assertThat(administered(broker)).startsWith("http://[::1]:");
        }
        try (Child broker = Child.start(Child.broker("--config", file.toString(), "--admin-port", "none"))) {
            assertThat(broker.readLine()).startsWith(LISTENING);
            assertThat(broker.terminate().end()).isEqualTo(new Ended(0, List.of(), List.of()));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            2 | --admin-port x                       | 'x' is not a port
            2 | --port 0 --admin-bind ::1            | --admin-bind is for --admin-port
            2 | --port 0 --admin-token-file t        | --admin-token-file is for --admin-port
            2 | --admin-port none --admin-bind ::1   | --admin-bind is for --admin-port
            2 | --port 0 --admin-port 0 --admin-token-file missing | the token can't be read
            2 | --port 0 --admin-port 0 --admin-bind 0.0.0.0       | other machines reach 0.0.0.0: a token of your own
            2 | --admin-bind 0.0.0.0                                | other machines reach 0.0.0.0: a token of your own
            2 | --port 0 --admin-port 0 --cert c --key k           | --cert is for --tls-port or --wss-port
            """)
    void refusesWhatCannotBeInOneLine(int code, String args, String message) throws Exception {
        try (Child child = Child.start(Child.broker(args.split(" ")))) {
            Ended ended = child.end();
            assertThat(ended.err())
                    .singleElement()
                    .asString()
                    .startsWith("dunlin: ")
                    .contains(message);
            assertThat(ended.code()).isEqualTo(code);
        }
    }

    @Test
    void aPortThatIsTakenEndsTheStart() throws Exception {
        try (Child broker = Child.start(Child.broker("--port", "0", "--store", "memory", "--admin-port", "0"))) {
            String port = URI.create(administered(broker)).getPort() + "";
            Child.assertRefused(
                    Child.broker("--port", "0", "--store", "memory", "--admin-port", port),
                    "the admin HTTP can't listen on 127.0.0.1:" + port);
        }
    }

    // ---- without a port: nothing is bound here, as somebody may have the usual ones

    private static Plan plan(String... args) throws Exception {
        Options options = new Options();
        ParseResult given = Options.parserOf(options, args).parseArgs(args);
        options.check(given);
        return Plan.of(options, given, Limits.STANDALONE);
    }

    @Test
    void aBareStartHasWhatAFirstLookNeeds() throws Exception {
        Plan.Admin admin = plan().admin();
        assertThat(admin.settings().port()).isEqualTo(18_083);
        assertThat(admin.settings().host()).isEqualTo("127.0.0.1");
        assertThat(admin.page().place()).isEqualTo(new Listener.Tcp(List.of("127.0.0.1"), 8083));
        assertThat(admin.page().webSocketPath()).isEqualTo("/mqtt");
        assertThat(plan("--store", "memory", "--admin-port", "0").admin().page())
                .isNotNull();
        assertThat(plan("--admin-port", "none").admin()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"--port,1883", "--ws-port,0", "--unix,s", "--bind,127.0.0.1", "--ws-path,/x"})
    void whoeverSaysWhereToListenIsListenedToAlone(String option, String value) throws Exception {
        String[] args = option.equals("--ws-path")
                ? new String[] {"--ws-port", "0", option, value}
                : new String[] {option, value};
        assertThat(plan(args).admin()).isNull();
    }
}
