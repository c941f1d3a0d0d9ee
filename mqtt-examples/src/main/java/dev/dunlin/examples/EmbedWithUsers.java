package dev.dunlin.examples;

import dev.dunlin.auth.AclFile;
import dev.dunlin.auth.PasswordFile;
import dev.dunlin.broker.Broker;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A broker with users: a password file, made with {@code dunlin passwd} or {@code mosquitto_passwd}, and an access file of
 * Mosquitto's format. Both are read again when they change. Enter ends it.
 */
public final class EmbedWithUsers {
    private EmbedWithUsers() {}

    public static void main(String[] args) throws Exception {
        try (PasswordFile users = PasswordFile.at(Path.of(args[0])).watch(Duration.ofSeconds(1));
                AclFile rules = AclFile.at(Path.of(args[1])).watch(Duration.ofSeconds(1));
                Broker broker = Broker.builder().tcp(0).security(users, rules).start()) {
            System.out.println("clients connect to port " + broker.port("tcp"));
            System.in.read();
        }
    }
}
