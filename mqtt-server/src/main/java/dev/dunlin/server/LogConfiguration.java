package dev.dunlin.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.LayoutBase;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.NopStatusListener;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What is logged and how: one line per event on standard error. Logback finds it by its name. It is no XML file, because the
 * parser of those would be a good part of a start; who sets {@code logback.configurationFile} gets that file instead.
 */
public final class LogConfiguration extends ContextAwareBase implements Configurator {
    /** Set by {@link Main} from the environment variable DUNLIN_LOG. */
    static final String LEVEL = "dunlin.log";

    private static final String CONFIGURATION_FILE = "logback.configurationFile";

    /** One line per event, whatever a client put into a name and however long the stack is. */
    private static final String PATTERN = "%d{\"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\"} %-5level [%thread] %logger{0}: "
            + "%replace(%msg %ex{12}){'\\s*[\\r\\n]+\\s*', ' | '}%nopex%n";

    /** For the service loader. */
    public LogConfiguration() {}

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        if (System.getProperty(CONFIGURATION_FILE) != null) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        context.getStatusManager().add(new NopStatusListener()); // logback says nothing about itself
        Line line = new Line();
        line.setContext(context);
        line.start();
        LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
        encoder.setContext(context);
        encoder.setCharset(StandardCharsets.UTF_8);
        encoder.setLayout(line);
        encoder.start();
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setName("stderr");
        appender.setContext(context);
        appender.setTarget("System.err");
        appender.setEncoder(encoder);
        appender.start();
        Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.toLevel(System.getProperty(LEVEL), Level.WARN));
        root.addAppender(appender);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** The pattern, made when there is something to log: by any thread, and by two if they come at once. */
    private static final class Line extends LayoutBase<ILoggingEvent> {
        private volatile @Nullable PatternLayout pattern;

        @Override
        public String doLayout(ILoggingEvent event) {
            PatternLayout made = pattern;
            if (made == null) {
                made = new PatternLayout();
                made.setContext(getContext());
                made.setPattern(PATTERN);
                made.start();
                pattern = made;
            }
            return made.doLayout(event);
        }
    }
}
