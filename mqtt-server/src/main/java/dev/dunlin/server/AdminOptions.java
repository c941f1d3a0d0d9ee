package dev.dunlin.server;

import dev.dunlin.server.Converters.TcpPort;
import dev.dunlin.server.admin.AdminSettings;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The options of the HTTP by which the server is administered. */
final class AdminOptions {
    static final String PORT = "--admin-port";
    static final String BIND = "--admin-bind";
    static final String TOKEN_FILE = "--admin-token-file";

    @Option(
            names = PORT,
            paramLabel = "N",
            converter = Converters.PortOrNoneConverter.class,
            description =
                    "Port for administration over HTTP, see docs/admin-http.md; 0 takes a free one (default 18083 where no"
                            + " port, file or address to listen on is given, else none).")
    @Nullable
    TcpPort port;

    @Option(
            names = BIND,
            paramLabel = "ADDR",
            converter = Converters.BindConverter.class,
            description =
                    "Address for it (default 127.0.0.1). Any other than loopback needs --admin-token-file, and --cert and"
                            + " --key: it has TLS then.")
    BindAddress bind = BindAddress.LOOPBACK;

    @Option(
            names = TOKEN_FILE,
            paramLabel = "FILE",
            converter = Options.FileConverter.class,
            description = "File whose one line is the token of whoever may ask (default: a new one at each start).")
    @Nullable
    Path tokenFile;

    /**
     * What can only be seen of all options together, where no file has a say.
     *
     * @param bare whether nothing else is said of where to listen
     */
    void check(ParseResult given, boolean bare) {
        for (String option : List.of(BIND, TOKEN_FILE)) {
            if (!isAsked(bare) && given.hasMatchedOption(option)) {
                throw new ParameterException(given.commandSpec().commandLine(), option + " is for " + PORT);
            }
        }
    }

    /** Whether there is to be any. */
    boolean isAsked(boolean bare) {
        return port == null ? bare : port.number() != null;
    }

    /** Whether it needs a certificate. */
    boolean isOpenToOthers() {
        return !bind.loopback();
    }

    /**
     * What they say; null for no administration.
     *
     * @param bare whether nothing else is said of where to listen
     * @throws IllegalArgumentException with a sentence, if that can't be
     */
    @Nullable
    AdminSettings settings(boolean bare, @Nullable Path cert, @Nullable Path key) {
        Integer number = port == null ? bare ? AdminSettings.USUAL_PORT : null : port.number();
        if (number == null) {
            return null;
        }
        AdminSettings.Identity tls =
                isOpenToOthers() && cert != null && key != null ? new AdminSettings.Identity(cert, key) : null;
        String token = tokenFile == null ? null : AdminSettings.tokenIn(tokenFile);
        AdminSettings settings = new AdminSettings(bind.host(), number, List.of(), token, tls, false, false);
        String fault = settings.fault();
        if (fault != null) {
            throw new IllegalArgumentException(fault);
        }
        return settings;
    }
}
