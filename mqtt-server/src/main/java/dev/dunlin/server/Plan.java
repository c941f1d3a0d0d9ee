package dev.dunlin.server;

import dev.dunlin.auth.AclFile;
import dev.dunlin.auth.AuthFileException;
import dev.dunlin.auth.PasswordFile;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerBuilder;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.server.mosquitto.Configuration;
import dev.dunlin.server.mosquitto.ConfigurationException;
import dev.dunlin.server.mosquitto.ConfiguredBroker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A broker that is to be started, and what belongs to its process.
 *
 * @param builder has all but a store
 * @param data the folder of the store; null if nothing is to be kept
 * @param pidFile where the number of the process is written; null for nowhere
 * @param users what is read again
 * @param rules what is read again
 * @param stamps how the files that a reload reads looked before they were read
 * @param configured the configuration, if it is one of Mosquitto
 */
record Plan(
        BrokerBuilder builder,
        @Nullable Path data,
        @Nullable Path pidFile,
        List<PasswordFile> users,
        List<AclFile> rules,
        FileStamps stamps,
        @Nullable ConfiguredBroker configured) {

    /** As the command line has it. */
    static Plan of(Options options, Limits server) throws AuthFileException {
        AccessOptions access = options.access;
        FileStamps stamps = new FileStamps(Stream.of(
                        access.passwordFile,
                        access.aclFile,
                        options.cert,
                        options.key,
                        options.clientCa,
                        options.clientCrl)
                .filter(Objects::nonNull)
                .toList());
        BrokerBuilder builder = Broker.builder()
                .limits(options.limits(server))
                .sysInterval(Duration.ofSeconds(options.access.sysSeconds));
        options.listeners().forEach(builder::listen);
        List<PasswordFile> users = new ArrayList<>();
        List<AclFile> rules = new ArrayList<>();
        if (access.passwordFile != null) {
            users.add(PasswordFile.at(access.passwordFile).anonymous(options.allowAnonymous));
            builder.authenticator(users.get(0));
        } else if (options.allowAnonymous) {
            builder.allowAnonymous();
        }
        if (access.aclFile != null) {
            rules.add(AclFile.at(access.aclFile));
            builder.authorizer(rules.get(0));
        }
        return new Plan(builder, options.isInMemory() ? null : options.data, null, users, rules, stamps, null);
    }

    /** As a configuration of Mosquitto has it. */
    static Plan of(Options options, Configuration configuration, Limits server) throws ConfigurationException {
        FileStamps stamps = new FileStamps(ConfiguredBroker.files(configuration));
        List<Integer> ports = options.portsInPlace();
        ConfiguredBroker configured = ConfiguredBroker.of(configuration, ports, server, options::limits);
        BrokerBuilder builder = Broker.builder();
        configured.configure(builder);
        return new Plan(
                builder,
                configured.data(),
                configured.pidFile(),
                configured.passwordFiles(),
                configured.aclFiles(),
                stamps,
                configured);
    }
}
