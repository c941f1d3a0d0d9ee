package dev.dunlin.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.NopStatusListener;
import dev.dunlin.broker.Broker;
import dev.dunlin.server.mosquitto.LogSettings;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * What is logged and how: one line per event on standard error. Logback finds it by its name. It is no XML file, because the
 * parser of those would be a good part of a start; who sets {@code logback.configurationFile} gets that file instead.
 */
public final class LogConfiguration extends ContextAwareBase implements Configurator {
    /** Set by {@link Main} from the environment variable DUNLIN_LOG. */
    static final String LEVEL = "dunlin.log";

    private static volatile @Nullable LogSettings settings;
    private static volatile String level = "warn";
    private static volatile boolean json;

    private static final String CONFIGURATION_FILE = "logback.configurationFile";

    /** For the service loader. */
    public LogConfiguration() {}

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        if (System.getProperty(CONFIGURATION_FILE) != null) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        context.getStatusManager().add(new NopStatusListener()); // logback says nothing about itself
        LogSettings given = settings;
        if (given == null) {
            Encoder<ILoggingEvent> encoder = json
                    ? objects(context)
                    : encoder(context, Journal.readsStandardError() ? LogLine.forTheJournal() : LogLine.forPeople());
            root(context, Level.toLevel(level)).addAppender(console(context, "System.err", encoder));
        } else {
            new ConfiguredLog(context, given).configure();
        }
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** What a configuration says of the log, before the first logger exists. */
    static void settings(LogSettings given) {
        settings = given;
    }

    /**
     * What a configuration file of our own says of the log, before the first logger exists.
     *
     * @param least off, error, warn, info, debug or trace
     * @param objects whether each line is an object of JSON
     */
    static void choose(String least, boolean objects) {
        level = least;
        json = objects;
    }

    /**
     * Another level from now on, unless the environment has said one, or the log isn't this one.
     *
     * @return whether it is another one now
     */
    static boolean changeLevel(String least) {
        if (System.getProperty(CONFIGURATION_FILE) != null
                || !(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
            return false;
        }
        Level before = context.getLogger(Logger.ROOT_LOGGER_NAME).getLevel();
        return !root(context, Level.toLevel(least)).getLevel().equals(before);
    }

    static JsonEncoder objects(LoggerContext context) {
        JsonEncoder encoder = new JsonLine();
        encoder.setContext(context);
        encoder.setWithSequenceNumber(false);
        encoder.setWithNanoseconds(false);
        encoder.setWithContext(false);
        encoder.setWithMDC(false);
        encoder.setWithArguments(false);
        encoder.setWithMessage(false);
        encoder.setWithFormattedMessage(true);
        encoder.start();
        return encoder;
    }

    /** Log lines that are to be published are from now on. */
    static void publishBy(Broker broker) {
        ConfiguredLog.publishBy(broker);
    }

    /** Goes on in a new file, if the one that lines are appended to was moved away. */
    static void reopenFile() {
        ConfiguredLog.reopenFile();
    }

    /** The root, with the level that the environment asks for, or else this one. */
    static Logger root(LoggerContext context, Level otherwise) {
        Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.toLevel(System.getProperty(LEVEL), otherwise));
        return root;
    }

    static ConsoleAppender<ILoggingEvent> console(
            LoggerContext context, String target, Encoder<ILoggingEvent> encoder) {
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setName(target);
        appender.setContext(context);
        appender.setTarget(target);
        appender.setEncoder(encoder);
        appender.start();
        return appender;
    }

    static LayoutWrappingEncoder<ILoggingEvent> encoder(LoggerContext context, LogLine line) {
        line.setContext(context);
        line.start();
        LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
        encoder.setContext(context);
        encoder.setCharset(StandardCharsets.UTF_8);
        encoder.setLayout(line);
        encoder.start();
        return encoder;
    }
}
