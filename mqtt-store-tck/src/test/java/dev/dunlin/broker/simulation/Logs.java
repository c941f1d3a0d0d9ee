package dev.dunlin.broker.simulation;

import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.AbstractLogger;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.MessageFormatter;
import org.slf4j.helpers.NOPMDCAdapter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/**
 * Where the broker logs to in a simulation: what it drops is accounted for by its log lines, and an error that nobody has
 * planted is a finding. Chosen by {@code -Dslf4j.provider}; outside of a simulation warnings go to the standard error.
 */
public final class Logs implements SLF4JServiceProvider {
    private static final String DROPS = "dev.dunlin.broker.session.Drops";
    private static final ThreadLocal<@Nullable Listener> LISTENER = new ThreadLocal<>();
    private static volatile @Nullable Listener everywhere;

    private final IMarkerFactory markers = new BasicMarkerFactory();
    private final MDCAdapter mdc = new NOPMDCAdapter();

    /** A simulation listens to what is logged in its thread. */
    public interface Listener {
        /** Deliveries were dropped. */
        void dropped(String session, long n, String topic, String reason);

        /** A line of another logger. */
        void logged(Level level, String logger, String line, @Nullable Throwable cause);
    }

    /** From here on this thread's lines go there; to nobody if it is null. */
    public static void listen(@Nullable Listener listener) {
        if (listener == null) {
            LISTENER.remove();
        } else {
            LISTENER.set(listener);
        }
    }

    /** From here on the lines of all threads that have no listener of their own go there. */
    static void listenEverywhere(Listener listener) {
        everywhere = listener;
    }

    private static @Nullable Listener listener() {
        Listener own = LISTENER.get();
        return own == null ? everywhere : own;
    }

    @Override
    public ILoggerFactory getLoggerFactory() {
        return Line::new;
    }

    @Override
    public IMarkerFactory getMarkerFactory() {
        return markers;
    }

    @Override
    public MDCAdapter getMDCAdapter() {
        return mdc;
    }

    @Override
    public String getRequestedApiVersion() {
        return "2.0.99";
    }

    @Override
    public void initialize() {}

    /** One logger. */
    private static final class Line extends AbstractLogger {
        private static final long serialVersionUID = 1L;

        private final boolean drops;

        Line(String name) {
            this.name = name;
            drops = name.equals(DROPS);
        }

        @Override
        protected void handleNormalizedLoggingCall(
                Level level,
                @Nullable Marker marker,
                String message,
                Object @Nullable [] arguments,
                @Nullable Throwable cause) {
            Listener listener = listener();
            if (listener == null) {
                print(level, MessageFormatter.basicArrayFormat(message, arguments), cause);
            } else if (drops && arguments != null) {
                listener.dropped(
                        String.valueOf(arguments[0]),
                        ((Number) arguments[1]).longValue(),
                        String.valueOf(arguments[2]),
                        String.valueOf(arguments[3]));
            } else {
                listener.logged(level, name, MessageFormatter.basicArrayFormat(message, arguments), cause);
            }
        }

        private void print(Level level, String line, @Nullable Throwable cause) {
            System.err.println(level + " " + name + " - " + line);
            if (cause != null) {
                cause.printStackTrace(System.err);
            }
        }

        @Override
        protected @Nullable String getFullyQualifiedCallerName() {
            return null;
        }

        @Override
        public boolean isTraceEnabled() {
            return false;
        }

        @Override
        public boolean isTraceEnabled(Marker marker) {
            return false;
        }

        @Override
        public boolean isDebugEnabled() {
            return drops && listener() != null;
        }

        @Override
        public boolean isDebugEnabled(Marker marker) {
            return isDebugEnabled();
        }

        @Override
        public boolean isInfoEnabled() {
            return listener() != null;
        }

        @Override
        public boolean isInfoEnabled(Marker marker) {
            return isInfoEnabled();
        }

        @Override
        public boolean isWarnEnabled() {
            return true;
        }

        @Override
        public boolean isWarnEnabled(Marker marker) {
            return true;
        }

        @Override
        public boolean isErrorEnabled() {
            return true;
        }

        @Override
        public boolean isErrorEnabled(Marker marker) {
            return true;
        }
    }
}
