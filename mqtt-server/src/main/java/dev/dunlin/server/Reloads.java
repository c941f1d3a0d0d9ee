package dev.dunlin.server;

import dev.dunlin.auth.AclFile;
import dev.dunlin.auth.AuthFileException;
import dev.dunlin.auth.PasswordFile;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.TlsReload;
import dev.dunlin.server.mosquitto.Configuration;
import dev.dunlin.server.mosquitto.ConfiguredBroker;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads again, while the broker runs, what its certificates, keys, passwords and rules are: when {@code dunlin reload} asks, at
 * SIGHUP, or when one of the files has changed. A file that can't be used leaves things as they are and is named; the others
 * count. One reload at a time, on a thread of its own.
 */
final class Reloads {
    private static final Logger LOG = LoggerFactory.getLogger(Reloads.class);

    private final Broker broker;
    private final Plan plan;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread made = new Thread(task, "dunlin-reload");
        made.setDaemon(true);
        return made;
    });

    Reloads(Broker broker, Plan plan) {
        this.broker = broker;
        this.plan = plan;
    }

    /** What has come of a reload: sentences. */
    private record Outcome(List<String> done, List<String> failed) {}

    /** Does it, and says what came of it. Doesn't block. */
    void answer(ControlSocket.Answer to) {
        CompletableFuture.supplyAsync(this::reload, thread).whenComplete((outcome, failure) -> {
            if (outcome == null) {
                to.error("the reload failed: " + failure);
            } else if (!outcome.failed.isEmpty()) {
                outcome.done.forEach(done -> to.progress("reloaded " + done));
                to.error(String.join("; ", outcome.failed));
            } else if (outcome.done.isEmpty()) {
                to.error("the broker has no listener with TLS, and no file with passwords or rules");
            } else {
                to.ok("reloaded " + String.join(", ", outcome.done));
            }
        });
    }

    /** What happens is logged by those who do it. */
    private Outcome reload() {
        List<String> done = new ArrayList<>();
        List<String> failed = new ArrayList<>();
        LogConfiguration.reopenFile();
        readTls(done, failed);
        for (PasswordFile users : plan.users()) {
            read(users::reload, "the passwords", done, failed);
        }
        for (AclFile rules : plan.rules()) {
            read(rules::reload, "the rules", done, failed);
        }
        tellWhatStays(plan.configured());
        return new Outcome(done, failed);
    }

    /** A file that is read again. */
    @FunctionalInterface
    private interface Reading {
        void run() throws AuthFileException;
    }

    private static void read(Reading reading, String what, List<String> done, List<String> failed) {
        try {
            reading.run();
            done.add(what);
        } catch (AuthFileException e) {
            failed.add(what + " stay as they are, as " + e.getMessage());
        }
    }

    private void readTls(List<String> done, List<String> failed) {
        try {
            TlsReload tls = broker.reloadTls().toCompletableFuture().get();
            tls.failed().forEach((listener, why) -> failed.add(listener + " keeps what it has, as " + why));
            if (!tls.reloaded().isEmpty()) {
                done.add("the certificates of " + String.join(", ", tls.reloaded()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failed.add("the certificates stay as they are: interrupted");
        } catch (ExecutionException e) {
            failed.add("the certificates stay as they are, as " + e.getCause());
        }
    }

    private static void tellWhatStays(@Nullable ConfiguredBroker configured) {
        if (configured != null && configured.differs(Configuration.read(configured.file()))) {
            LOG.warn(
                    "{} has changed: what it says counts from the next start, the files that it named at this one were read",
                    configured.file());
        }
    }

    // ---- without being asked

    /**
     * SIGHUP, which otherwise ends a JVM, asks for a reload. The class for that is in a module that isn't part of every run
     * time, and no API: where it isn't there, the signal is as it was.
     */
    void onSignal() {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            InvocationHandler reload = (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                    LOG.info("SIGHUP: reloading");
                    thread.execute(this::reload);
                    return null;
                }
                return answerAsObject(proxy, method.getName(), arguments);
            };
            signal.getMethod("handle", signal, handler)
                    .invoke(
                            null,
                            signal.getConstructor(String.class).newInstance("HUP"),
                            Proxy.newProxyInstance(Reloads.class.getClassLoader(), new Class<?>[] {handler}, reload));
        } catch (ReflectiveOperationException | RuntimeException e) {
            LOG.info("SIGHUP can't ask for a reload here: {}", e.toString());
        }
    }

    private static Object answerAsObject(Object proxy, String method, Object[] arguments) {
        return switch (method) {
            case "equals" -> proxy == arguments[0];
            case "hashCode" -> System.identityHashCode(proxy);
            default -> "reload";
        };
    }

    /** A change of a file asks for a reload, once two looks in a row find the same: nobody is in the middle of writing then. */
    void onChange(Duration every) {
        if (every.isZero()) {
            return;
        }
        FileStamps stamps = new FileStamps(plan.files());
        thread.scheduleWithFixedDelay(
                () -> {
                    if (stamps.haveChanged()) {
                        LOG.info("files have changed: reloading");
                        reload();
                    }
                },
                every.toMillis(),
                every.toMillis(),
                TimeUnit.MILLISECONDS);
    }
}
