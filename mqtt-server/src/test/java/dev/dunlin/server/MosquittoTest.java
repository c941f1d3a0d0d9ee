package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.server.Child.Ended;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The runnable broker, as users meet it, with the commands of Mosquitto in each version. */
@RequiresTool({"mosquitto_pub", "mosquitto_sub", "stdbuf"})
@ParameterizedClass
@ValueSource(strings = {"31", "311", "5"})
final class MosquittoTest {
    private final String version;
    private Child broker;
    private String port;

    MosquittoTest(String version) {
        this.version = version;
    }

    @BeforeEach
    void startBroker() throws Exception {
        broker = Child.start(Child.broker("--port", "0"));
        String ready = broker.readLine();
        port = ready.substring(ready.lastIndexOf(':') + 1);
        run("mosquitto_pub", "-t", "ready", "-m", "ready", "-q", "1", "--retain");
    }

    @AfterEach
    void stopBroker() throws Exception {
        try (Child running = broker) {
            assertThat(running.terminate().end()).isEqualTo(new Ended(0, List.of(), List.of()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1", "2"})
    void deliversWhatIsPublished(String qos) throws Exception {
        try (Child subscriber = subscriber("-q", qos, "-F", "%q %t %p")) {
            run("mosquitto_pub", "-t", "home/kitchen/temperature", "-m", "21.5", "-q", qos);

            assertThat(subscriber.readLine()).isEqualTo(qos + " home/kitchen/temperature 21.5");
        }
    }

    @Test
    void keepsARetainedMessage() throws Exception {
        run("mosquitto_pub", "-t", "home/door", "-m", "open", "-q", "1", "--retain");

        assertThat(run("mosquitto_sub", "-t", "home/#", "-v", "-C", "1")).containsExactly("home/door open");
    }

    @Test
    void publishesTheWillOfAClientThatIsKilled() throws Exception {
        try (Child heir = subscriber("-v")) {
            subscriber("--will-topic", "home/will", "--will-payload", "gone").close();

            assertThat(heir.readLine()).isEqualTo("home/will gone");
        }
    }

    @Test
    void keepsTheSessionOfAClientThatIsAway() throws Exception {
        List<String> session =
                new ArrayList<>(List.of("mosquitto_sub", "-i", "sleeper", "-c", "-q", "2", "-t", "home/#"));
        if (version.equals("5")) {
            session.addAll(List.of("-x", "3600"));
        }
        List<String> visit = new ArrayList<>(session);
        visit.add("-E");
        run(visit.toArray(String[]::new));
        run("mosquitto_pub", "-t", "home/1", "-m", "once at least", "-q", "1");
        run("mosquitto_pub", "-t", "home/2", "-m", "exactly once", "-q", "2");

        session.addAll(List.of("-F", "%q %t %p", "-C", "2"));
        assertThat(run(session.toArray(String[]::new)))
                .containsExactly("1 home/1 once at least", "2 home/2 exactly once");
    }

    /** A subscriber to all of home, once it has subscribed: the retained message that tells so is read. */
    private Child subscriber(String... options) throws Exception {
        List<String> command =
                new ArrayList<>(List.of("stdbuf", "-oL", "mosquitto_sub", "-t", "home/#", "-t", "ready"));
        command.addAll(List.of(options));
        Child subscriber = Child.start(atBroker(command));
        assertThat(subscriber.readLine()).endsWith("ready");
        return subscriber;
    }

    /** Runs a command to its good end. Returns what it printed. */
    private List<String> run(String... command) throws Exception {
        try (Child child = Child.start(atBroker(List.of(command)))) {
            Ended ended = child.end();
            assertThat(ended.code()).as("%s", ended).isZero();
            return ended.out();
        }
    }

    private ProcessBuilder atBroker(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(command));
        builder.command().addAll(List.of("-p", port, "-V", version));
        return builder;
    }
}
