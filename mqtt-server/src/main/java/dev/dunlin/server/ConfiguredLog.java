package dev.dunlin.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import dev.dunlin.broker.Broker;
import dev.dunlin.server.mosquitto.LogSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The log as a configuration of Mosquitto has it. A line at level INFO is Mosquitto's "notice" and "information", one of DEBUG
 * its "debug". DUNLIN_LOG says which lines there are, if it is set.
 */
final class ConfiguredLog {
    private static final String CONNECTIONS = "dev.dunlin.broker.net.Connection";
    private static final String WEB_SOCKETS = "dev.dunlin.broker.net.WebSocketUpgrade";

    private static volatile @Nullable Broker publisher;
    private static volatile @Nullable FileAppender<ILoggingEvent> file;

    private final LoggerContext context;
    private final LogSettings settings;

    ConfiguredLog(LoggerContext context, LogSettings settings) {
        this.context = context;
        this.settings = settings;
    }

    void configure() {
        Logger root = LogConfiguration.root(context, level());
        for (Appender<ILoggingEvent> appender : appenders()) {
            if (System.getProperty(LogConfiguration.LEVEL) == null) {
                Types types = new Types(settings.types());
                types.setContext(context);
                types.start();
                appender.addFilter(types);
            }
            root.addAppender(appender);
        }
        if (!settings.connectionMessages()) {
            context.getLogger(CONNECTIONS).setLevel(Level.WARN);
        }
        context.getLogger(WEB_SOCKETS).setLevel(webSocketLevel());
    }

    /** The lowest that any type needs. */
    private Level level() {
        Set<String> types = settings.types();
        if (types.contains("debug")) {
            return Level.DEBUG;
        }
        if (types.contains("information") || types.contains("notice")) {
            return Level.INFO;
        }
        if (types.contains("warning")) {
            return Level.WARN;
        }
        return types.contains("error") ? Level.ERROR : Level.OFF;
    }

    /** By libwebsockets' bits: 1 errors, 2 warnings, 4 and 8 notices and information, 16 and above what helps to find a fault. */
    private Level webSocketLevel() {
        int bits = settings.types().contains("websockets") ? settings.webSocketLevel() : 0;
        if (bits >= 16) {
            return Level.DEBUG;
        }
        if (bits >= 4) {
            return Level.INFO;
        }
        if (bits >= 2) {
            return Level.WARN;
        }
        return bits == 1 ? Level.ERROR : Level.OFF;
    }

    private List<Appender<ILoggingEvent>> appenders() {
        List<Appender<ILoggingEvent>> appenders = new ArrayList<>();
        if (settings.stderr()) {
            appenders.add(LogConfiguration.console(context, "System.err", lines()));
        }
        if (settings.stdout()) {
            appenders.add(LogConfiguration.console(context, "System.out", lines()));
        }
        Path path = settings.file();
        if (path != null) {
            FileAppender<ILoggingEvent> made = new FileAppender<>();
            made.setName("file");
            made.setContext(context);
            made.setFile(path.toString());
            made.setEncoder(lines());
            made.start();
            appenders.add(made);
            file = made;
        }
        if (settings.topic()) {
            ToTopic made = new ToTopic();
            made.setName("topic");
            made.setContext(context);
            made.start();
            appenders.add(made);
        }
        return appenders;
    }

    private Encoder<ILoggingEvent> lines() {
        return LogConfiguration.encoder(context, LogLine.of(settings));
    }

    static void publishBy(Broker broker) {
        publisher = broker;
    }

    static void reopenFile() {
        FileAppender<ILoggingEvent> present = file;
        if (present == null) {
            return;
        }
        try {
            present.openFile(present.getFile());
        } catch (IOException e) {
            LoggerFactory.getLogger(ConfiguredLog.class)
                    .warn("the log file {} can't be opened again: {}", present.getFile(), Words.of(e));
        }
    }

    /** Lets through what was asked for: types of Mosquitto are no order. */
    private static final class Types extends Filter<ILoggingEvent> {
        private final Set<String> types;

        Types(Set<String> types) {
            this.types = types;
        }

        @Override
        public FilterReply decide(ILoggingEvent event) {
            boolean webSocket = event.getLoggerName().equals(WEB_SOCKETS);
            return webSocket || types.stream().anyMatch(type -> isOf(type, event.getLevel()))
                    ? FilterReply.NEUTRAL
                    : FilterReply.DENY;
        }

        private static boolean isOf(String type, Level level) {
            return switch (type) {
                case "error" -> level.equals(Level.ERROR);
                case "warning" -> level.equals(Level.WARN);
                case "information", "notice" -> level.equals(Level.INFO);
                case "debug" -> level.equals(Level.DEBUG);
                default -> false;
            };
        }
    }

    /** Publishes lines, once there is a broker; those for finding faults never, as with Mosquitto. */
    private static final class ToTopic extends AppenderBase<ILoggingEvent> {
        @Override
        protected void append(ILoggingEvent event) {
            Broker by = publisher;
            if (by != null && event.getLevel().isGreaterOrEqual(Level.INFO)) {
                // E, W or I, as Mosquitto calls them.
                by.announce("log/" + event.getLevel().toString().charAt(0), LogLine.message(event));
            }
        }
    }
}
