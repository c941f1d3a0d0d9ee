package dev.dunlin.auth;

import static dev.dunlin.broker.testkit.Packets.connect;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.RequiresTool;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Password files let those in here whom they let in at Mosquitto, whichever of the two made them. */
@RequiresTool({"mosquitto", "mosquitto_passwd"})
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class MosquittoPasswordsTest {
    private static final List<String> NAMES = List.of("", "ann", " ann", "bob", "# com", "j\u00F6rg", "plain", "new");
    private static final List<String> PASSWORDS = List.of("", "secret", "other", "x", "ment", "p\u00E4", "pass");

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("passwords");
    }

    /** What mosquitto_passwd writes for a user. */
    private String made(String user, String password, String... options) throws Exception {
        Path alone = folder.resolve("alone");
        List<String> arguments = new ArrayList<>(List.of(options));
        arguments.addAll(List.of("-c", "-b", alone.toString(), user, password));
        RealMosquitto.passwd(arguments.toArray(String[]::new));
        return Files.readString(alone);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void readsWhatMosquittoMade() throws Exception {
        String ann = made("ann", "secret");
        Files.writeString(
                file,
                "# com:ment\n\n"
                        + ann.replace(":", " : ").replace("\n", "  \r\n")
                        + made("j\u00F6rg", "p\u00E4", "-H", "sha512")
                        + "noline\nplain:pass\nempty:\n"
                        + made("bob", "x", "-I", "5000").replace("\n", ":more:of it\n")
                        + made("new", "secret")
                        + made("new", "other").stripTrailing());
        assertThat(whoGetsIn(false)).containsExactly("ann secret", "bob x", "j\u00F6rg p\u00E4", "new other");
        assertThat(whoGetsIn(true)).contains("ann secret", " ", " secret").hasSize(4 + PASSWORDS.size());
    }

    @Test
    void makesWhatMosquittoReads() throws Exception {
        Files.writeString(
                file,
                "ann:" + Passwords.pbkdf2().hash(bytes("secret"))
                        + "\nj\u00F6rg:"
                        + Passwords.pbkdf2(Passwords.MOSQUITTO_ITERATIONS).hash(bytes("p\u00E4"))
                        + "\nbob:" + Passwords.sha512().hash(bytes("x")) + "\n");
        assertThat(whoGetsIn(false)).containsExactly("ann secret", "bob x", "j\u00F6rg p\u00E4");
        RealMosquitto.passwd("-b", file.toString(), "new", "other");
        RealMosquitto.passwd("-D", file.toString(), "bob");
        assertThat(whoGetsIn(false)).containsExactly("ann secret", "j\u00F6rg p\u00E4", "new other");
    }

    /** Of all names and passwords, at both. */
    private List<String> whoGetsIn(boolean anonymous) throws Exception {
        List<String> configuration = List.of("allow_anonymous " + anonymous, "password_file " + file);
        try (RealMosquitto mosquitto = RealMosquitto.start(folder, configuration);
                PasswordFile users = PasswordFile.at(file).anonymous(anonymous);
                Broker broker = Broker.builder().authenticator(users).tcp(0).start()) {
            List<String> here = whoGetsIn(broker.port("tcp"));
            assertThat(here).containsExactlyElementsOf(whoGetsIn(mosquitto.port()));
            return here;
        }
    }

    private static List<String> whoGetsIn(int port) {
        List<String> in = new ArrayList<>();
        for (String name : NAMES) {
            for (String password : PASSWORDS) {
                ConnectPacket connect = connect("c").cleanStart();
                try (WireClient client = WireClient.connect(port, MqttVersion.V5, TestTransport.TCP)) {
                    client.send(connect.userName(name).password(password));
                    if (!((Connack) client.receive()).reason().isError()) {
                        in.add(name + " " + password);
                    }
                }
            }
        }
        return in;
    }
}
