package dev.dunlin.server;

import dev.dunlin.broker.Listener;
import dev.dunlin.broker.Tls;
import dev.dunlin.broker.spi.CertificateName;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.server.Converters.TcpPort;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.TypeConversionException;

/** The command line. What is not declared here is refused. */
@Command(
        name = "dunlin",
        sortOptions = false,
        versionProvider = Version.class,
        description =
                "MQTT 3.1, 3.1.1 and 5.0 broker. Prints a line for each address that it listens on when it is ready, stops"
                        + " on SIGTERM and SIGINT.",
        footer = {
            "",
            "Environment:",
            "  DUNLIN_LOG   What is logged to standard error: off, error, warn (default),",
            "               info, debug or trace.",
            "  DUNLIN_CONFIG_STORE__DATA and the like stand for keys of the file of --config.",
            "",
            "Exit codes: 0 stopped by a signal, 1 could not start, 2 wrong usage."
        })
final class Options {
    private static final String DATA = "--data";
    private static final String DURABILITY = "--durability";
    private static final String PORT = "--port";
    private static final String TLS_PORT = "--tls-port";
    private static final String WS_PORT = "--ws-port";
    private static final String WSS_PORT = "--wss-port";
    private static final String WS_PATH = "--ws-path";
    private static final String UNIX = "--unix";
    private static final String UNIX_MODE = "--unix-mode";
    private static final String CERT = "--cert";
    private static final String KEY = "--key";
    private static final String LIMIT = "--limit";
    private static final String CLIENT_CA = "--client-ca";
    private static final String CLIENT_CERT = "--client-cert";
    private static final String CLIENT_CRL = "--client-crl";
    private static final String CLIENT_NAME = "--client-name";
    private static final String TLS_MIN = "--tls-min";
    private static final String TLS_CIPHERS = "--tls-ciphers";
    private static final String HELP = "--help";
    private static final List<String> WHERE =
            List.of("--bind", PORT, TLS_PORT, WS_PORT, WSS_PORT, WS_PATH, UNIX, "--proxy-from");
    private static final List<TcpPort> USUAL_PORTS = List.of(new TcpPort(1883));

    @Option(
            names = "--bind",
            paramLabel = "ADDR",
            split = ",",
            converter = Converters.BindConverter.class,
            description =
                    "Address to listen on, or several with commas, such as 127.0.0.1,[::1] (default 127.0.0.1); [::] is all"
                            + " of IPv6 and, on Linux, of IPv4. Any other than loopback needs --allow-anonymous, or"
                            + " --password-file, or certificates of clients at every port.")
    List<BindAddress> bind = List.of(BindAddress.LOOPBACK);

    @Option(
            names = PORT,
            paramLabel = "N",
            split = ",",
            converter = Converters.PortOrNoneConverter.class,
            description =
                    "TCP port, 0 to 65535; 0 takes a free one; none is for TLS or WebSocket only (default 1883). With"
                            + " --config or --mosquitto-conf in the place of the first listener's port, and with commas of"
                            + " the next ones'.")
    List<TcpPort> ports = USUAL_PORTS;

    @Option(
            names = TLS_PORT,
            paramLabel = "N",
            converter = Converters.PortConverter.class,
            description = "Port for MQTT over TLS; needs --cert and --key.")
    @Nullable
    Integer tlsPort;

    @Option(
            names = WS_PORT,
            paramLabel = "N",
            converter = Converters.PortConverter.class,
            description = "Port for MQTT over WebSocket.")
    @Nullable
    Integer wsPort;

    @Option(
            names = WSS_PORT,
            paramLabel = "N",
            converter = Converters.PortConverter.class,
            description = "Port for MQTT over WebSocket over TLS; needs --cert and --key.")
    @Nullable
    Integer wssPort;

    @Option(
            names = WS_PATH,
            paramLabel = "PATH",
            converter = Converters.WebSocketPathConverter.class,
            description = "Path of WebSocket, for both ports (default /mqtt).")
    String wsPath = Listener.DEFAULT_PATH;

    @Option(
            names = UNIX,
            paramLabel = "FILE",
            converter = FileConverter.class,
            description = "Unix domain socket to listen on as well; made at the start, removed at the end.")
    @Nullable
    Path unix;

    @Option(
            names = UNIX_MODE,
            paramLabel = "MODE",
            converter = Converters.ModeConverter.class,
            description = "Permissions of that file; rw-rw---- lets its group in (default rw-------).")
    String unixMode = "rw-------";

    @Option(
            names = "--proxy-from",
            paramLabel = "ADDR",
            split = ",",
            converter = Converters.SourceConverter.class,
            description =
                    "Addresses, or ranges such as 192.0.2.0/24, of proxies that begin each connection with a PROXY header, on"
                            + " every port; nobody else gets in.")
    List<String> proxyFrom = List.of();

    @Option(
            names = CERT,
            paramLabel = "FILE",
            converter = FileConverter.class,
            description = "PEM file with the server's certificate and those that lead to its root.")
    @Nullable
    Path cert;

    @Option(
            names = KEY,
            paramLabel = "FILE",
            converter = FileConverter.class,
            description = "PEM file with the key of the certificate, PKCS #8, not encrypted.")
    @Nullable
    Path key;

    @Option(
            names = CLIENT_CA,
            paramLabel = "PATH",
            converter = FileConverter.class,
            description =
                    "PEM file, or folder of them, with the certificates that sign those of clients: over TLS a client needs"
                            + " one then.")
    @Nullable
    Path clientCa;

    @Option(
            names = CLIENT_CERT,
            paramLabel = "MODE",
            converter = Converters.ClientCertificatesConverter.class,
            description =
                    "Whether a client has to have a certificate: required (default with --client-ca), or optional.")
    Tls.ClientCertificates clientCert = Tls.ClientCertificates.REQUIRED;

    @Option(
            names = CLIENT_CRL,
            paramLabel = "PATH",
            converter = FileConverter.class,
            description = "PEM file, or folder of them, with revocation lists: one for each that signs.")
    @Nullable
    Path clientCrl;

    @Option(
            names = CLIENT_NAME,
            paramLabel = "PART",
            converter = Converters.CertificateNameConverter.class,
            description =
                    "What in its certificate is the user name of a client: cn, the common name; dns, email or uri, the"
                            + " first alternative name of that kind; or subject, all of that.")
    @Nullable
    CertificateName clientName;

    @Option(
            names = TLS_MIN,
            paramLabel = "VERSION",
            converter = Converters.TlsVersionConverter.class,
            description = "The lowest version of TLS: 1.2 (default) or 1.3.")
    Tls.Version tlsMin = Tls.Version.TLS_1_2;

    @Option(
            names = TLS_CIPHERS,
            paramLabel = "NAMES",
            split = ",",
            description = "Cipher suites by the JDK's names, the preferred one first (default: the JDK's choice).")
    List<String> tlsCiphers = List.of();

    @Option(
            names = "--allow-anonymous",
            description =
                    "Let every client in that reaches the address; with --password-file, every one without a user name.")
    boolean allowAnonymous;

    @Option(
            names = "--store",
            paramLabel = "NAME",
            converter = Engines.OrMemoryConverter.class,
            description =
                    "Where sessions and messages are kept: rocksdb (default); mapdb, in pure Java, for up to about 2 GB; or"
                            + " memory, which is gone at the end.")
    String store = Engines.DEFAULT;

    @Option(
            names = DATA,
            paramLabel = "DIR",
            converter = FolderConverter.class,
            description = "The folder of the store, made if it isn't there (default ./data).")
    Path data = Path.of("data");

    @Option(
            names = DURABILITY,
            paramLabel = "LEVEL",
            converter = Converters.DurabilityConverter.class,
            description =
                    "What an acknowledged message survives: power, a power cut (default), or process, the end of the"
                            + " broker, whichever way it comes.")
    Durability durability = Durability.POWER;

    @Option(
            names = LIMIT,
            paramLabel = "NAME=VALUE",
            converter = LimitSetting.Converter.class,
            description = {
                "Another bound for what clients can make grow, as often as needed: a component of Limits, such as"
                        + " connectionsPerAddressMax=100. Bytes may have KiB, MiB or GiB, times s or ms:"
                        + " queueBytesMax=64MiB, connectTimeoutMs=5s."
            })
    List<LimitSetting> limits = new ArrayList<>();

    @Mixin
    AccessOptions access = new AccessOptions();

    @Mixin
    AdminOptions admin = new AdminOptions();

    @Mixin
    HoconOptions hocon = new HoconOptions();

    @Mixin
    ConfigurationOptions configuration = new ConfigurationOptions();

    @Option(names = "--version", versionHelp = true, description = "Print the version and exit.")
    boolean version;

    @Option(names = HELP, usageHelp = true, description = "Print this text and exit.")
    boolean help;

    /** A parser that fills {@code options} from these arguments. */
    static CommandLine parserOf(Options options, String... args) {
        CommandLine parser = new CommandLine(options);
        // Nine more commands, each with its options, are a good part of a start: they are there when they can be
        // meant.
        List<String> words = List.of(args);
        if (words.stream().anyMatch(Set.of(StoreCommand.NAME, Reload.NAME, Passwd.NAME, HELP)::contains)) {
            parser.addSubcommand(new StoreCommand());
            parser.addSubcommand(new Reload());
            parser.addSubcommand(new Passwd());
        }
        // An argument that starts with @ is an argument, not a file of them.
        return parser.setExpandAtFiles(false);
    }

    /** The port for TCP without TLS; null for none. */
    @Nullable
    Integer port() {
        return ports.get(0).number();
    }

    /** Ports in the place of those of a configuration. */
    List<Integer> portsInPlace() {
        return ports == USUAL_PORTS
                ? List.of()
                : ports.stream().map(TcpPort::number).filter(Objects::nonNull).toList();
    }

    /** Whether nothing is said of where to listen: then there is all that a first look needs, on this machine. */
    boolean isBare(ParseResult given) {
        return configuration.file == null
                && hocon.file == null
                && WHERE.stream().noneMatch(given::hasMatchedOption);
    }

    boolean isInMemory() {
        return store.equals(Engines.MEMORY);
    }

    /** Where a client on another machine may come in without having proved who it is; null if nowhere. */
    @Nullable
    String hostOpenToOthers() {
        boolean certificates = clientCa != null && clientCert == Tls.ClientCertificates.REQUIRED;
        boolean plain = port() != null || wsPort != null;
        if (allowAnonymous || access.passwordFile != null || (certificates && !plain)) {
            return null;
        }
        return bind.stream()
                .filter(address -> !address.loopback())
                .map(BindAddress::host)
                .findFirst()
                .orElse(null);
    }

    /** What the broker listens on: whatever has a port or a file. */
    List<Listener> listeners() {
        List<Listener> listeners = new ArrayList<>();
        Integer port = port();
        if (port != null) {
            listeners.add(onAll(Listener.tcp(bind.get(0).host(), port)));
        }
        if (tlsPort != null) {
            listeners.add(onAll(Listener.tcp(bind.get(0).host(), tlsPort))
                    .tls(identity())
                    .name("tls"));
        }
        if (wsPort != null) {
            listeners.add(onAll(Listener.webSocket(bind.get(0).host(), wsPort, wsPath)));
        }
        if (wssPort != null) {
            listeners.add(onAll(Listener.webSocket(bind.get(0).host(), wssPort, wsPath))
                    .tls(identity())
                    .name("wss"));
        }
        if (unix != null) {
            listeners.add(Listener.unix(unix).socketPermissions(unixMode));
        }
        return listeners;
    }

    private Listener onAll(Listener first) {
        Listener all = first.alsoOn(bind.stream().skip(1).map(BindAddress::host).toArray(String[]::new));
        return proxyFrom.isEmpty() ? all : all.proxyProtocol(proxyFrom.toArray(String[]::new));
    }

    private Tls identity() {
        Tls tls = Tls.pem(
                        Objects.requireNonNull(cert, CERT + " was asked for"),
                        Objects.requireNonNull(key, KEY + " was asked for"))
                .minimum(tlsMin)
                .cipherSuites(tlsCiphers.toArray(String[]::new));
        if (clientCa != null) {
            tls = tls.clientCertificates(clientCa, clientCert);
            tls = clientCrl == null ? tls : tls.revocationLists(clientCrl);
            tls = clientName == null ? tls : tls.userName(clientName);
        }
        return tls;
    }

    /** What can only be seen of all options together. */
    void check(ParseResult given) {
        if (configuration.file != null) {
            configuration.check(given, admin.isAsked(false) && admin.isOpenToOthers());
            requirePortNumbers(given, "--mosquitto-conf");
            admin.check(given, false);
            checkLimits(given);
            return;
        }
        configuration.checkIsAlone(given);
        if (hocon.isUsed()) {
            hocon.check(given);
            requirePortNumbers(given, "--config");
            checkStore(given);
            checkLimits(given);
            return;
        }
        if (ports.size() > 1) {
            throw new ParameterException(
                    given.commandSpec().commandLine(),
                    PORT + " has several ports only with --mosquitto-conf or --config");
        }
        checkStore(given);
        admin.check(given, isBare(given));
        checkTls(given);
        checkLimits(given);
        if (unix == null && given.hasMatchedOption(UNIX_MODE)) {
            throw new ParameterException(given.commandSpec().commandLine(), UNIX_MODE + " is for " + UNIX);
        }
        if (bind.stream().map(BindAddress::host).distinct().count() < bind.size()) {
            throw new ParameterException(given.commandSpec().commandLine(), "--bind has an address twice");
        }
        if (!proxyFrom.isEmpty() && port() == null && wsPort == null && tlsPort == null && wssPort == null) {
            throw new ParameterException(given.commandSpec().commandLine(), "--proxy-from is for a port");
        }
        if (given.hasSubcommand() && !given.matchedOptions().isEmpty()) {
            throw new ParameterException(
                    given.commandSpec().commandLine(),
                    given.matchedOptions().get(0).longestName() + " is for the broker: it can't stand before '"
                            + given.subcommand().commandSpec().name() + "'");
        }
    }

    private void requirePortNumbers(ParseResult given, String beside) {
        if (ports.stream().anyMatch(port -> port.number() == null)) {
            throw new ParameterException(given.commandSpec().commandLine(), PORT + " is a number beside " + beside);
        }
    }

    private void checkStore(ParseResult given) {
        for (String option : List.of(DATA, DURABILITY)) {
            if (isInMemory() && given.hasMatchedOption(option)) {
                throw new ParameterException(
                        given.commandSpec().commandLine(),
                        option + " is for a store, and --store memory keeps nothing");
            }
        }
    }

    private void checkTls(ParseResult given) {
        boolean tls = tlsPort != null || wssPort != null;
        boolean admin = this.admin.isAsked(isBare(given)) && this.admin.isOpenToOthers();
        CommandLine command = given.commandSpec().commandLine();
        if (tls && (cert == null || key == null)) {
            throw new ParameterException(
                    command, (tlsPort != null ? TLS_PORT : WSS_PORT) + " needs " + (cert == null ? CERT : KEY));
        }
        for (String option : List.of(CERT, KEY, CLIENT_CA, TLS_MIN, TLS_CIPHERS)) {
            boolean isOfAdmin = admin && (option.equals(CERT) || option.equals(KEY));
            if (!tls && !isOfAdmin && given.hasMatchedOption(option)) {
                throw new ParameterException(command, option + " is for " + TLS_PORT + " or " + WSS_PORT);
            }
        }
        for (String option : List.of(CLIENT_CERT, CLIENT_CRL, CLIENT_NAME)) {
            if (clientCa == null && given.hasMatchedOption(option)) {
                throw new ParameterException(command, option + " needs " + CLIENT_CA);
            }
        }
        if (wsPort == null && wssPort == null && given.hasMatchedOption(WS_PATH)) {
            throw new ParameterException(command, WS_PATH + " is for " + WS_PORT + " or " + WSS_PORT);
        }
        if (port() == null && wsPort == null && !tls && unix == null) {
            throw new ParameterException(
                    command,
                    PORT + " none needs another way in: "
                            + String.join(", ", List.of(TLS_PORT, WS_PORT, WSS_PORT, UNIX)));
        }
    }

    private void checkLimits(ParseResult given) {
        try {
            limits(Limits.STANDALONE);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(given.commandSpec().commandLine(), LIMIT + ": " + e.getMessage());
        }
    }

    /** These limits with what the command line says of them. */
    Limits limits(Limits otherwise) {
        return LimitSetting.applied(limits, otherwise);
    }

    private static Path path(String text, String what) {
        try {
            if (!text.isBlank()) {
                return Path.of(text);
            }
        } catch (InvalidPathException e) {
            // Said below, in the same words as for a blank one.
        }
        throw new TypeConversionException("'" + text + "' is not a " + what);
    }

    /** Takes a file, there or not: the broker reads it. */
    static final class FileConverter implements ITypeConverter<Path> {
        @Override
        public Path convert(String text) {
            return path(text, "file");
        }
    }

    /** Takes a folder, there or not. */
    static final class FolderConverter implements ITypeConverter<Path> {
        @Override
        public Path convert(String text) {
            return path(text, "folder");
        }
    }
}
