package dev.dunlin.server;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The broker's options of who comes in and may do what, of when that is read again, and of what it says of itself. */
final class AccessOptions {
    @Option(
            names = "--password-file",
            paramLabel = "FILE",
            converter = Options.FileConverter.class,
            description =
                    "Users and their passwords, in Mosquitto's format (see dunlin passwd): nobody else comes in, but with"
                            + " --allow-anonymous who gives no user name, and who has a --client-name.")
    @Nullable
    Path passwordFile;

    @Option(
            names = "--acl-file",
            paramLabel = "FILE",
            converter = Options.FileConverter.class,
            description = "What clients may do, in Mosquitto's format: nothing that isn't in it.")
    @Nullable
    Path aclFile;

    @Option(
            names = "--watch",
            paramLabel = "SECONDS",
            converter = Converters.SecondsConverter.class,
            description =
                    "Look every so often whether certificates, keys, passwords and rules have changed, and read them again"
                            + " then (default 0, never; SIGHUP and dunlin reload do it at once).")
    int watchSeconds;

    @Option(
            names = "--sys-interval",
            paramLabel = "SECONDS",
            converter = Converters.SecondsConverter.class,
            description = "How often the broker publishes figures below $$SYS (default 10; 0 for never).")
    int sysSeconds = 10;
}
