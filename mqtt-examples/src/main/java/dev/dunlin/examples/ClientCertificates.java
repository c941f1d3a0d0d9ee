package dev.dunlin.examples;

import dev.dunlin.auth.AccessRules;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.Listener;
import dev.dunlin.broker.Tls;
import dev.dunlin.broker.spi.CertificateName;
import java.nio.file.Path;

/**
 * A broker that knows its clients by their certificates: without one that our own authority has signed nobody comes in, and who
 * comes in has the name in it (CN), whatever user name it says. Each may publish below its name only. The authority, the
 * broker's certificate and that of a device named ann are made by OpenSSL 3, in a folder that is the first argument then:
 *
 * <pre>{@code
 * openssl req -x509 -newkey rsa:2048 -noenc -days 3650 -subj /CN=ours -keyout ca.key -out ca.crt
 *
 * openssl req -newkey rsa:2048 -noenc -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
 *   -keyout server.key -out server.csr
 * openssl x509 -req -in server.csr -copy_extensions copy -CA ca.crt -CAkey ca.key -days 365 -out server.crt
 *
 * openssl req -newkey rsa:2048 -noenc -subj /CN=ann -keyout ann.key -out ann.csr
 * openssl x509 -req -in ann.csr -CA ca.crt -CAkey ca.key -days 365 -out ann.crt
 * }</pre>
 *
 * Then ann says something, with the port that is printed:
 *
 * <pre>{@code
 * mosquitto_pub --cafile ca.crt --cert ann.crt --key ann.key -h localhost -p 12345 -t devices/ann/door -m open
 * }</pre>
 *
 * New certificates are taken by {@link Broker#reloadTls} while it runs. Enter ends it.
 */
public final class ClientCertificates {
    private ClientCertificates() {}

    public static void main(String[] args) throws Exception {
        Path dir = Path.of(args[0]);
        Tls tls = Tls.pem(dir.resolve("server.crt"), dir.resolve("server.key"))
                .clientCertificates(dir.resolve("ca.crt"))
                .userName(CertificateName.COMMON_NAME);
        AccessRules rules =
                AccessRules.builder().pattern().readWrite("devices/%u/#").build();
        try (Broker broker = Broker.builder()
                .listen(Listener.tcp("127.0.0.1", 0).tls(tls).name("tls"))
                .authorizer(rules)
                .start()) {
            broker.local()
                    .subscribe("#", message -> System.out.println(message.topic() + ": " + message.payloadText()));
            System.out.println("clients connect to port " + broker.port("tls"));
            System.in.read();
        }
    }
}
