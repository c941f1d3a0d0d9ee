package dev.dunlin.examples;

import static com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD;
import static com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAckReasonCode.SERVER_UNAVAILABLE;
import static com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAckReasonCode.SUCCESS;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5ConnAckException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5PubAckException;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAckReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.publish.puback.Mqtt5PubAckReasonCode;
import dev.dunlin.auth.Passwords;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.Listener;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.ReasonCode;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InHouseUsersTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path dir;

    private String url;

    @BeforeEach
    void fill() throws SQLException {
        url = "jdbc:h2:" + dir.resolve("users").toAbsolutePath();
        try (Connection connection = DriverManager.getConnection(url);
                Statement create = connection.createStatement()) {
            create.execute("create table mqtt_users (name varchar(100) primary key,"
                    + " password_hash varchar(300) not null, role varchar(20) not null)");
            insert(connection, "ann", "device");
            insert(connection, "olga", "operator");
        }
    }

    private static void insert(Connection connection, String name, String role) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("insert into mqtt_users values (?, ?, ?)")) {
            insert.setString(1, name);
            insert.setString(2, Passwords.pbkdf2().hash(("pw of " + name).getBytes(UTF_8)));
            insert.setString(3, role);
            insert.executeUpdate();
        }
    }

    @Test
    void letsUsersInAndEachDoWhatItsRoleMay() throws Exception {
        try (RunningExample example = new RunningExample(InHouseUsers.class, url)) {
            int port = RunningExample.port(example.line());
            Mqtt5BlockingClient ann = client(port, "ann");
            assertThat(connect(ann, "ann", "pw of ann")).isEqualTo(SUCCESS);
            assertThat(publish(ann, "users/ann/door")).isFalse(); // not refused
            assertThat(publish(ann, "users/olga/door")).isTrue();
            Mqtt5BlockingClient olga = client(port, "olga");
            assertThat(connect(olga, "olga", "pw of olga")).isEqualTo(SUCCESS);
            assertThat(publish(olga, "users/ann/door")).isFalse();

            assertThat(connect(client(port, "1"), "ann", "pw of olga")).isEqualTo(BAD_USER_NAME_OR_PASSWORD);
            assertThat(connect(client(port, "2"), "bob", "pw of bob")).isEqualTo(BAD_USER_NAME_OR_PASSWORD);
            assertThat(connect(client(port, "3"), "' or '1'='1", "pw of ann")).isEqualTo(BAD_USER_NAME_OR_PASSWORD);
            assertThat(connect(client(port, "4"), "", "")).isEqualTo(BAD_USER_NAME_OR_PASSWORD);
            ann.disconnect();
            olga.disconnect();
            example.end();
        }
    }

    @Test
    void whoIsConnectedIsServedWhileTheDatabaseHangs() throws Exception {
        CountDownLatch hanging = new CountDownLatch(1);
        CountDownLatch answers = new CountDownLatch(1);
        InHouseUsers.Database slow = () -> {
            try {
                hanging.countDown();
                assertThat(answers.await(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                        .isTrue();
            } catch (InterruptedException e) {
                throw new SQLException(e);
            }
            return DriverManager.getConnection(url);
        };
        try (InHouseUsers users = new InHouseUsers(slow);
                Broker broker = Broker.builder()
                        .loops(1) // the very loop that asks
                        .tcp(0)
                        .listen(Listener.tcp("127.0.0.1", 0).name("open").allowAnonymous())
                        .authenticator(users)
                        .start()) {
            Mqtt5BlockingClient ann = client(broker.port("tcp"), "ann");
            CompletableFuture<Mqtt5ConnAckReasonCode> connected =
                    CompletableFuture.supplyAsync(() -> connect(ann, "ann", "pw of ann"));
            assertThat(hanging.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            Mqtt5BlockingClient other = client(broker.port("open"), "other");
            other.connect();
            assertThat(publish(other, "meanwhile")).isFalse();
            other.disconnect();
            assertThat(connected).isNotDone();
            answers.countDown();
            assertThat(connected.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo(SUCCESS);
            ann.disconnect();
        }
    }

    @Test
    void saysThatItIsUnavailableWithoutTheDatabase() throws Exception {
        InHouseUsers.Database away = () -> {
            throw new SQLException("connection refused");
        };
        try (InHouseUsers users = new InHouseUsers(away);
                Broker broker = Broker.builder().tcp(0).authenticator(users).start()) {
            assertThat(connect(client(broker.port("tcp"), "ann"), "ann", "pw of ann"))
                    .isEqualTo(SERVER_UNAVAILABLE);
        }
    }

    @Test
    void refusesWhatIsAboveItsBound() throws Exception {
        CountDownLatch answers = new CountDownLatch(1);
        InHouseUsers.Database hanging = () -> {
            try {
                assertThat(answers.await(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                        .isTrue();
            } catch (InterruptedException e) {
                throw new SQLException(e);
            }
            throw new SQLException("away after all");
        };
        try (InHouseUsers users = new InHouseUsers(hanging)) {
            List<CompletableFuture<AuthResult>> asked = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                asked.add(users.authenticate(request()).toCompletableFuture());
            }
            assertThat(asked.stream().filter(CompletableFuture::isDone))
                    .hasSize(300 - 204)
                    .allSatisfy(busy -> assertThat(busy.join()).isEqualTo(AuthResult.refuse(ReasonCode.SERVER_BUSY)));
            answers.countDown();
            await().atMost(PATIENCE).until(() -> asked.stream().allMatch(CompletableFuture::isDone));
            assertThat(asked.get(0).join()).isEqualTo(AuthResult.refuse(ReasonCode.SERVER_UNAVAILABLE));
        }
    }

    private static ConnectRequest request() {
        return new ConnectRequest(
                "c",
                MqttVersion.V5,
                true,
                "ann",
                "x".getBytes(UTF_8),
                Properties.EMPTY,
                InetSocketAddress.createUnresolved("h", 1),
                "tcp");
    }

    private static Mqtt5BlockingClient client(int port, String id) {
        return Mqtt5Client.builder()
                .identifier(id)
                .serverHost("127.0.0.1")
                .serverPort(port)
                .buildBlocking();
    }

    private static Mqtt5ConnAckReasonCode connect(Mqtt5BlockingClient client, String user, String password) {
        try {
            return client.connectWith()
                    .simpleAuth()
                    .username(user)
                    .password(password.getBytes(UTF_8))
                    .applySimpleAuth()
                    .send()
                    .getReasonCode();
        } catch (Mqtt5ConnAckException e) {
            return e.getMqttMessage().getReasonCode();
        }
    }

    /** Whether it was refused. */
    private static boolean publish(Mqtt5BlockingClient client, String topic) {
        try {
            client.publishWith().topic(topic).qos(MqttQos.AT_LEAST_ONCE).send();
            return false;
        } catch (Mqtt5PubAckException e) {
            assertThat(e.getMqttMessage().getReasonCode()).isEqualTo(Mqtt5PubAckReasonCode.NOT_AUTHORIZED);
            return true;
        }
    }
}
