package dev.dunlin.server.mosquitto;

import dev.dunlin.broker.Listener;
import dev.dunlin.broker.Tls;
import dev.dunlin.broker.spi.CertificateName;
import dev.dunlin.broker.spi.Features;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.QoS;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Makes the broker's listeners of those that a configuration has. */
final class ConfiguredListener {
    private final Configuration configuration;
    private final Limits broker;

    /** @param broker the broker's limits, from which those of a listener are made */
    ConfiguredListener(Configuration configuration, Limits broker) {
        this.configuration = configuration;
        this.broker = broker;
    }

    /**
     * The listener, with everything but who comes in.
     *
     * @param port instead of its own; null for its own
     * @throws Refusal if there is no such address
     */
    Listener of(ListenerSection section, @Nullable Integer port) throws Refusal {
        Listener listener = listening(section, port).name(section.name()).features(features(section));
        Limits own = ConfiguredLimits.ofListener(section.settings(), broker);
        listener = own.equals(broker) ? listener : listener.limits(own);
        return section.hasTls() ? listener.tls(tls(section.settings())) : listener;
    }

    private Listener listening(ListenerSection section, @Nullable Integer port) throws Refusal {
        if (section.isUnix()) {
            return Listener.unix(Path.of(Objects.requireNonNull(section.host())));
        }
        List<String> hosts = BoundAddresses.of(section, configuration.local());
        int number = port == null ? section.port() : port;
        Listener first = section.isWebSocket()
                ? Listener.webSocket(hosts.get(0), number, Listener.ANY_PATH)
                : Listener.tcp(hosts.get(0), number);
        return first.alsoOn(hosts.stream().skip(1).toArray(String[]::new));
    }

    private Features features(ListenerSection section) {
        Section access = configuration.access(section);
        String mountPoint = section.settings().text(Key.MOUNT_POINT);
        return Features.ALL
                .withMaximumQoS(QoS.of((int) section.settings().number(Key.MAX_QOS)))
                .withRetainAvailable(configuration.broker().flag(Key.RETAIN_AVAILABLE))
                .withEmptyClientIds(access.flag(Key.ALLOW_ZERO_LENGTH_CLIENTID))
                .withClientIdPrefix(Objects.requireNonNull(access.text(Key.AUTO_ID_PREFIX)))
                .withMountPoint(mountPoint == null ? "" : mountPoint);
    }

    private static Tls tls(Section of) {
        Tls tls = Tls.pem(path(of, Key.CERTFILE), path(of, Key.KEYFILE))
                .minimum("tlsv1.3".equals(of.text(Key.TLS_VERSION)) ? Tls.Version.TLS_1_3 : Tls.Version.TLS_1_2);
        String suites = of.text(Key.CIPHERS_TLS1_3);
        tls = suites == null ? tls : tls.cipherSuites(CipherSuites.of(suites));
        if (!of.flag(Key.REQUIRE_CERTIFICATE)) {
            return tls;
        }
        tls = tls.clientCertificates(authorities(of), Tls.ClientCertificates.REQUIRED);
        tls = of.has(Key.CRLFILE) ? tls.revocationLists(path(of, Key.CRLFILE)) : tls;
        if (of.flag(Key.USE_IDENTITY_AS_USERNAME)) { // before the other one, if both are on
            return tls.userName(CertificateName.COMMON_NAME);
        }
        return of.flag(Key.USE_SUBJECT_AS_USERNAME) ? tls.userName(CertificateName.SUBJECT) : tls;
    }

    private static List<Path> authorities(Section of) {
        return Stream.of(Key.CAFILE, Key.CAPATH)
                .filter(of::has)
                .map(key -> path(of, key))
                .toList();
    }

    /** The files that its TLS reads: those whose change may ask for a reload. */
    static List<Path> files(ListenerSection section) {
        if (!section.hasTls()) {
            return List.of();
        }
        List<Path> files = new ArrayList<>();
        for (Key key : List.of(Key.CERTFILE, Key.KEYFILE, Key.CAFILE, Key.CAPATH, Key.CRLFILE)) {
            if (section.settings().has(key)) {
                files.add(path(section.settings(), key));
            }
        }
        return files;
    }

    private static Path path(Section of, Key key) {
        return Path.of(Objects.requireNonNull(of.text(key), key.spelling()));
    }
}
