package dev.dunlin.auth;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.Permissions;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.testkit.RequiresTool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Access files say here what they say to Mosquitto, which is asked. */
@RequiresTool("mosquitto")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class MosquittoAclTest {
    private static final List<String> USERS = List.of("", "ann", "bob", "b+b");
    private static final List<String> CLIENTS = List.of("c1", "ann", "c#", "a+");
    private static final List<String> LEVELS = List.of("a", "b", "c1", "ann", "");
    private static final List<String> ACCESSES = List.of("", "read ", "write ", "readwrite ", "deny ");

    /** May do everything, and is there in each file, so that somebody can publish what others read. */
    private static final String AUTHOR = "author";

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "topic anon/#\nuser ann\ntopic ann/#\ntopic deny ann/b\nuser bob",
                "user ann\ntopic deny #\ntopic a/#",
                "user ann\ntopic a/#\ntopic deny a/b\ntopic read b\npattern write b\npattern deny a/#\npattern a/%c",
                "pattern write %c/#\npattern %u/%c/+\npattern read a/%c%u\npattern deny a/ann",
                "user ann\ntopic read a\nuser bob\ntopic b\nuser ann\ntopic write b/+\ntopic %c/a\n",
                "# a\r\n\r\nuser  ann \r\n  topic   read   a/ann \r\ntopic readwrite b b/c  d\r\ntopic read",
                "user ann\ntopic +/a\ntopic /#\ntopic write a/+/b\ntopic deny +/+/+",
            })
    void saysWhatMosquittoSays(String rules) throws Exception {
        compare(rules, List.of("a", "a/b", "ann/b", "anon/1", "b b/c  d", "read", "%c/a", "/a", "/", "a//b", "x"));
    }

    @Test
    void saysWhatMosquittoSaysOfRulesMadeAtRandom() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 15; round++) {
            StringBuilder rules = new StringBuilder();
            for (int i = random.nextInt(10); i >= 0; i--) {
                rules.append(rule(random)).append('\n');
            }
            List<String> topics = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                topics.add(levels(random, LEVELS));
            }
            topics.removeIf(String::isEmpty);
            try {
                compare(rules.toString(), topics);
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed + ", round " + round, e);
            }
        }
    }

    /** Where a name has several levels, Mosquitto grants them all. */
    @Test
    void isStricterThanMosquittoAboutNamesWithASlash() throws Exception {
        Path file = Files.writeString(
                folder.resolve("acl"), "pattern write a/%c\npattern write b/%u/#\nuser " + AUTHOR + "\ntopic #\n");
        List<String> topics = List.of("a/c1", "a/c1/x", "b/ann/x", "b/ann/x/y");
        try (AclFile acl = AclFile.at(file);
                RealMosquitto mosquitto =
                        RealMosquitto.start(folder, List.of("allow_anonymous true", "acl_file " + file))) {
            assertThat(asked(mosquitto, "ann/x", "c1/x", topics))
                    .containsExactly("writes a/c1/x", "writes b/ann/x", "writes b/ann/x/y");
            Permissions permissions = Asked.of(acl, "ann/x", "c1/x");
            assertThat(topics)
                    .allMatch(topic -> Asked.access(permissions, topic).isEmpty());
            compare(acl, mosquitto, "ann", "c1", topics);
        }
    }

    private static String rule(Random random) {
        if (random.nextInt(4) == 0) {
            return "user " + USERS.get(1 + random.nextInt(USERS.size() - 1));
        }
        boolean pattern = random.nextBoolean();
        List<String> levels = new ArrayList<>(LEVELS);
        levels.addAll(List.of("+", "+", "%c", "%u", "%c%u"));
        String filter = levels(random, levels) + (random.nextInt(3) == 0 ? "/#" : "");
        return (pattern ? "pattern " : "topic ")
                + ACCESSES.get(random.nextInt(ACCESSES.size()))
                + (filter.isEmpty() ? "#" : filter);
    }

    private static String levels(Random random, List<String> from) {
        List<String> levels = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            levels.add(from.get(random.nextInt(from.size())));
        }
        return String.join("/", levels);
    }

    private void compare(String rules, List<String> topics) throws Exception {
        Path file = Files.writeString(folder.resolve("acl"), rules + "\nuser " + AUTHOR + "\ntopic #\n");
        try (AclFile acl = AclFile.at(file);
                RealMosquitto mosquitto =
                        RealMosquitto.start(folder, List.of("allow_anonymous true", "acl_file " + file))) {
            for (String user : USERS) {
                for (String client : CLIENTS) {
                    compare(acl, mosquitto, user, client, topics);
                }
            }
        }
    }

    private static void compare(AclFile acl, RealMosquitto mosquitto, String user, String client, List<String> topics) {
        Permissions permissions = Asked.of(acl, user, client);
        List<String> said = new ArrayList<>();
        for (String topic : topics) {
            if (permissions.mayPublish(topic, QoS.AT_LEAST_ONCE, false)) {
                said.add("writes " + topic);
            }
            if (permissions.mayReceive(topic)) {
                said.add("reads " + topic);
            }
        }
        assertThat(said)
                .as("user '%s', client '%s'", user, client)
                .containsExactlyElementsOf(asked(mosquitto, user, client, topics));
    }

    private static List<String> asked(RealMosquitto mosquitto, String user, String client, List<String> topics) {
        List<String> answers = new ArrayList<>();
        try (WireClient asking = connected(mosquitto, user, client);
                WireClient author = connected(mosquitto, AUTHOR, "the author")) {
            asking.subscribed("#", 0);
            for (String topic : topics) {
                // First: what it publishes to comes back to it, if it may read.
                if (writes(asking, topic)) {
                    answers.add("writes " + topic);
                }
                author.published(topic, "by the author", 1);
                if (receives(asking)) {
                    answers.add("reads " + topic);
                }
            }
        }
        return answers;
    }

    private static WireClient connected(RealMosquitto mosquitto, String user, String client) {
        WireClient connected = WireClient.connect(mosquitto.port(), MqttVersion.V5, TestTransport.TCP);
        ConnectPacket connect = connect(client).cleanStart();
        connected.send(user.isEmpty() ? connect : connect.userName(user));
        connected.expect(connack());
        return connected;
    }

    private static boolean writes(WireClient asking, String topic) {
        asking.send(publish(topic, "mine").qos(1, 7));
        Object came = asking.receive();
        while (came instanceof ReceivedPublish) {
            came = asking.receive();
        }
        Packet.Ack ack = (Packet.Ack) came;
        assertThat(ack.type()).isEqualTo(PacketType.PUBACK);
        return !ack.reason().isError();
    }

    /** Whether it was sent what the author published. */
    private static boolean receives(WireClient asking) {
        asking.send(pingreq());
        boolean received = false;
        Object came = asking.receive();
        while (came instanceof ReceivedPublish publish) {
            received |= publish.text().equals("by the author");
            came = asking.receive();
        }
        return received;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "user",
                "user ",
                "topic",
                "topic foo bar",
                "topic a/#/b",
                "topic a+/b",
                "pattern read %c+",
                "something a",
                "Topic a",
                "  # a comment",
            })
    void refusesWhatMosquittoRefuses(String line) throws Exception {
        Path file = Files.writeString(folder.resolve("acl"), "topic a\n" + line + "\n");
        assertThatThrownBy(() -> AclFile.at(file))
                .isInstanceOf(AuthFileException.class)
                .hasMessageStartingWith("line 2 of " + file + " ");
        assertThat(mosquittoStarts(file)).isFalse();
    }

    private boolean mosquittoStarts(Path file) {
        try (RealMosquitto ignored = RealMosquitto.start(folder, List.of("allow_anonymous true", "acl_file " + file))) {
            return true;
        } catch (AssertionError e) {
            return false;
        }
    }
}
