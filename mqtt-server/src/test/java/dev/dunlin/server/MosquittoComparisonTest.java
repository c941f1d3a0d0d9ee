package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.server.Child.Ended;
import dev.dunlin.server.MosquittoSetup.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mosquitto and Dunlin run by the same configuration, password and access files; Mosquitto's commands try every client with
 * every topic and filter at both, and find the same things allowed.
 */
@RequiresTool({"mosquitto", "mosquitto_passwd", "mosquitto_pub", "mosquitto_sub", "stdbuf"})
final class MosquittoComparisonTest {
    private static final int AT_ONCE = 6;

    /** User name, client id, each once; no user name for an anonymous client. */
    private static final List<List<String>> CLIENTS = List.of(
            List.of("", "visitor"),
            List.of("", "dev0"),
            List.of("ann", "dev1"),
            List.of("ann", "dev2"),
            List.of("bob", "dev3"),
            List.of("reader", "r"),
            List.of("carol", "plain"),
            List.of("carol", "+"),
            List.of("carol", "#"),
            List.of("carol", "dev1/+"),
            List.of("plus+", "dev4"),
            List.of("nothing", "n"));

    private static final List<String> TOPICS = List.of(
            "public/news",
            "public/hidden",
            "inbox/anonymous",
            "sensors/a/temperature",
            "sensors/ann/secret",
            "sensors/ann/x",
            "sensors",
            "room with words",
            "vault/gold",
            "devices/dev1/up",
            "devices/dev1/down",
            "devices/dev2/up",
            "devices/+",
            "homes/ann/light",
            "homes/ann/private",
            "homes/bob/light",
            "elsewhere",
            "$SYS/dunlin",
            "$other/x");

    private static final List<String> FILTERS = List.of(
            "#",
            "+/+/+",
            "sensors/#",
            "public/+",
            "devices/+/up",
            "homes/ann/#",
            "vault/gold",
            "$other/#",
            "$share/group/#",
            "$share/group/devices/#");

    private static final List<String> ACCESS = List.of(
            "# Whoever gives no name",
            "topic read public/#",
            "topic deny public/hidden",
            "topic write inbox/anonymous",
            "topic read done",
            "",
            "user admin",
            "topic #",
            "topic readwrite $other/#",
            "",
            "user ann",
            "topic read done",
            "topic read sensors/+/temperature",
            "topic write sensors/ann/#",
            "topic deny sensors/ann/secret",
            "topic readwrite room with words",
            "topic read sensors",
            "user bob",
            "topic readwrite #",
            "topic deny vault/#",
            "topic read $other/#",
            "",
            "user reader",
            "topic read #",
            "",
            "user carol",
            "topic done",
            "topic public/+",
            "user plus+",
            "topic done",
            "topic write elsewhere",
            "user nothing",
            "topic read done",
            "",
            "pattern read devices/%c/#",
            "pattern write devices/%c/up",
            "pattern readwrite homes/%u/#",
            "pattern deny homes/%u/private");

    @TempDir
    private Path temp;

    private final int port;
    private MosquittoSetup setup;

    MosquittoComparisonTest() throws Exception {
        port = MosquittoSetup.freePort();
    }

    @BeforeEach
    void writeFiles() throws Exception {
        MosquittoSetup.passwords(
                temp.resolve("passwords"), "admin", "ann", "bob", "reader", "carol", "plus+", "nothing");
        Files.write(temp.resolve("access"), ACCESS);
        setup = new MosquittoSetup(
                temp,
                port,
                "listener " + port + " 127.0.0.1",
                "allow_anonymous true",
                "password_file " + temp.resolve("passwords"),
                "acl_file " + temp.resolve("access"));
    }

    // ---- publishing

    @Test
    void theSameMayBePublished() throws Exception {
        Map<Kind, Map<String, String>> outcomes = new EnumMap<>(Kind.class);
        for (Kind kind : Kind.values()) {
            try (Child broker = setup.start(kind)) {
                outcomes.put(kind, publishAll());
            }
        }
        assertThat(outcomes.get(Kind.MOSQUITTO)).hasSize(CLIENTS.size() * TOPICS.size());
        assertThat(new TreeSet<>(outcomes.get(Kind.MOSQUITTO).values())).hasSizeGreaterThan(1);
        assertThat(outcomes.get(Kind.DUNLIN)).isEqualTo(outcomes.get(Kind.MOSQUITTO));
    }

    /** What becomes of each client's publish to each topic: what the client is told, and whether it arrives. */
    private Map<String, String> publishAll() throws Exception {
        Map<List<String>, Callable<Map<String, String>>> attempts = new LinkedHashMap<>();
        CLIENTS.forEach(client -> attempts.put(client, () -> publishAll(client)));
        try (Child admin = subscriber(List.of("admin", "admin"), "#", "$other/#")) {
            Map<String, String> told = new LinkedHashMap<>();
            all(attempts).values().forEach(told::putAll);
            publish(List.of("admin", "end"), "done", "end");
            SortedSet<String> arrived = untilDone(admin);
            told.replaceAll((what, said) -> said + (arrived.contains(what + " 1 0") ? ", arrives" : ""));
            return told;
        }
    }

    private Map<String, String> publishAll(List<String> client) throws Exception {
        Map<String, String> told = new LinkedHashMap<>();
        for (String topic : publishable()) {
            told.put(topic + " of " + client, publish(client, topic, "of " + client));
        }
        return told;
    }

    /** The command refuses the others itself. */
    private static List<String> publishable() {
        return TOPICS.stream().map(topic -> topic.replace('+', 'p')).toList();
    }

    private String publish(List<String> client, String topic, String payload) throws Exception {
        Ended ended = Child.run(MosquittoSetup.command(
                "mosquitto_pub", port, client.get(0), client.get(1), "-t", topic, "-m", payload, "-q", "1"));
        boolean refused = ended.err().stream().anyMatch(line -> line.contains("Not authorized"));
        return ended.code() + (refused ? " not authorized" : "");
    }

    private static <K, T> Map<K, T> all(Map<K, Callable<T>> attempts) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        try {
            Map<K, Future<T>> under = new LinkedHashMap<>();
            attempts.forEach((what, attempt) -> under.put(what, threads.submit(attempt)));
            Map<K, T> done = new LinkedHashMap<>();
            for (Map.Entry<K, Future<T>> each : under.entrySet()) {
                done.put(each.getKey(), each.getValue().get());
            }
            return done;
        } finally {
            threads.shutdownNow();
        }
    }

    // ---- receiving

    @Test
    void theSameArrives() throws Exception {
        Map<Kind, Map<String, SortedSet<String>>> outcomes = new EnumMap<>(Kind.class);
        for (Kind kind : Kind.values()) {
            try (Child broker = setup.start(kind)) {
                outcomes.put(kind, receiveAll());
            }
        }
        assertThat(outcomes.get(Kind.MOSQUITTO)).hasSize(CLIENTS.size() * FILTERS.size());
        assertThat(outcomes.get(Kind.DUNLIN)).isEqualTo(outcomes.get(Kind.MOSQUITTO));
    }

    /** What arrives at each client by each filter, retained and live. */
    private Map<String, SortedSet<String>> receiveAll() throws Exception {
        for (String topic : List.of("public/news", "public/hidden", "devices/dev1/down", "vault/gold")) {
            assertThat(Child.run(MosquittoSetup.command(
                                    "mosquitto_pub",
                                    port,
                                    "admin",
                                    "admin",
                                    "-r",
                                    "-q",
                                    "1",
                                    "-t",
                                    topic,
                                    "-m",
                                    "kept"))
                            .code())
                    .isZero();
        }
        Map<String, SortedSet<String>> arrived = new LinkedHashMap<>();
        for (String filter : FILTERS) {
            receiveAll(filter).forEach((client, came) -> arrived.put(client + " by " + filter, came));
        }
        return arrived;
    }

    private Map<List<String>, SortedSet<String>> receiveAll(String filter) throws Exception {
        Map<List<String>, Callable<Child>> starts = new LinkedHashMap<>();
        for (List<String> client : CLIENTS) { // each has a group of its own
            String own = filter.replace("$share/group", "$share/of" + CLIENTS.indexOf(client));
            starts.put(client, () -> subscriber(client, own));
        }
        Map<List<String>, Child> subscribers = all(starts);
        try {
            publishByAdmin();
            Map<List<String>, SortedSet<String>> arrived = new LinkedHashMap<>();
            for (Map.Entry<List<String>, Child> each : subscribers.entrySet()) {
                SortedSet<String> came = untilDone(each.getValue());
                if (filter.startsWith("$share/")) { // Mosquitto sends retained ones, against section 4.8.2 of 5.0
                    came.removeIf(line -> line.endsWith(" kept 1 1"));
                }
                arrived.put(each.getKey(), came);
            }
            return arrived;
        } finally {
            for (Child each : subscribers.values()) {
                each.close();
            }
        }
    }

    private void publishByAdmin() throws Exception {
        Map<String, Callable<String>> publishes = new LinkedHashMap<>();
        for (String topic : publishable()) {
            if (!topic.startsWith("$SYS")) {
                publishes.put(topic, () -> publish(List.of("admin", "to " + topic), topic, "live"));
            }
        }
        assertThat(all(publishes).values()).containsOnly("0");
        publish(List.of("admin", "end"), "done", "end");
    }

    /** A subscriber, once it has subscribed; also to what everybody may receive. */
    private Child subscriber(List<String> client, String... filters) throws Exception {
        List<String> options = new ArrayList<>(List.of("-d", "-F", "came %t %p %q %r", "-q", "1", "-t", "done"));
        for (String filter : filters) {
            options.addAll(List.of("-t", filter));
        }
        Child subscriber = Child.start(MosquittoSetup.command(
                "mosquitto_sub", port, client.get(0), client.get(1), options.toArray(String[]::new)));
        String line = subscriber.readLine();
        while (!line.startsWith("Subscribed")) {
            line = subscriber.readLine();
        }
        assertThat(line).isEqualTo("Subscribed (mid: 1): 1" + ", 1".repeat(filters.length));
        return subscriber;
    }

    /** What came before the end. */
    private static SortedSet<String> untilDone(Child subscriber) throws Exception {
        SortedSet<String> came = new TreeSet<>();
        String line = subscriber.readLine();
        while (!line.startsWith("came done ")) {
            if (line.startsWith("came ")) {
                came.add(line.substring("came ".length()));
            }
            line = subscriber.readLine();
        }
        return came;
    }
}
