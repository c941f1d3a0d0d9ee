package dev.dunlin.server;

import dev.dunlin.auth.AclFile;
import dev.dunlin.auth.AuthFileException;
import dev.dunlin.auth.PasswordFile;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.TlsReload;
import dev.dunlin.server.admin.ReloadReport;
import dev.dunlin.server.hocon.HoconBroker;
import dev.dunlin.server.hocon.HoconFile;
import dev.dunlin.server.mosquitto.Configuration;
import dev.dunlin.server.mosquitto.ConfiguredBroker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads again, while the broker runs, what its certificates, keys, passwords and rules are, and from which files: when {@code dunlin reload} asks, at
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

    /** Which of the plan (all of it), the broker (its certificates), password and access files couldn't be read the last time. On the thread. */
    private final Set<Object> failing = new LinkedHashSet<>();

    Reloads(Broker broker, Plan plan) {
        this.broker = broker;
        this.plan = plan;
    }

    /** What has come of a reload so far. */
    private record Outcome(List<String> done, List<String> needRestart, List<String> failed) {
        Outcome() {
            this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }

        static Outcome failed(List<String> why) {
            return new Outcome(List.of(), List.of(), why);
        }

        ReloadReport report() {
            return new ReloadReport(done, needRestart, failed);
        }
    }

    /** Does it, behind those that were asked for before. Any thread; doesn't block. Completes on the thread of reloads. */
    CompletionStage<ReloadReport> ask() {
        return CompletableFuture.supplyAsync(() -> reload().report(), thread);
    }

    /** Does it, and says what came of it. Doesn't block. */
    void answer(ControlSocket.Answer to) {
        ask().whenComplete((report, failure) -> {
            if (report == null) {
                to.error("the reload failed: " + failure);
            } else if (!report.isComplete()) {
                report.reloaded().forEach(done -> to.progress("reloaded " + done));
                to.error(String.join("; ", report.faults()));
            } else if (report.reloaded().isEmpty() && plan.source().hocon() != null) {
                to.ok("nothing to reload: the configuration says what it said before");
            } else if (report.reloaded().isEmpty()) {
                to.error("the broker has no listener with TLS, and no file with passwords or rules");
            } else {
                to.ok("reloaded " + String.join(", ", report.reloaded()));
            }
        });
    }

    /** One that ends with an exception that nobody expects is tried again at the next look. */
    private Outcome reload() {
        failing.add(plan);
        Outcome outcome = reloadAll();
        failing.remove(plan);
        return outcome;
    }

    /** What happens is logged by those who do it. */
    private Outcome reloadAll() {
        LogConfiguration.reopenFile();
        HoconBroker configured = plan.source().hocon();
        HoconFile now = configured == null ? null : configured.file().again();
        if (now != null && !now.faults().isEmpty()) {
            now.faults().forEach(fault -> LOG.warn("nothing is reloaded: {}", fault));
            return Outcome.failed(List.of("nothing is reloaded: " + String.join("; ", now.faults())));
        }
        List<String> needRestart = List.of();
        if (configured != null && now != null) {
            needRestart = configured.take(now);
            List<Path> files = new ArrayList<>(now.allFiles());
            files.addAll(configured.filesInForce()); // those go on to be read where nothing else is taken
            plan.watch().stamps().follow(files); // before they are read
        }
        Set<Object> all = new LinkedHashSet<>(List.of(broker));
        all.addAll(plan.users());
        all.addAll(plan.rules());
        Outcome outcome = read(all);
        tellWhatStays(plan.source().mosquitto());
        if (configured != null && now != null) {
            take(configured, now, outcome);
        }
        for (String sentence : needRestart) {
            LOG.warn("{}", sentence);
            outcome.needRestart.add(sentence);
        }
        return outcome;
    }

    /** What the file itself says. */
    private void take(HoconBroker configured, HoconFile now, Outcome outcome) {
        if (LogConfiguration.changeLevel(now.logLevel())) {
            outcome.done.add("the level of the log");
        }
        for (String key : configured.takeLimits(now, broker)) {
            LOG.info("reloaded {}", key);
            outcome.done.add(key);
        }
    }

    /** Reads again what is among these; rules before the users whom they bound. */
    private Outcome read(Set<Object> asked) {
        Outcome outcome = new Outcome();
        if (asked.contains(broker)) {
            note(broker, readTls(outcome.done, outcome.failed));
        }
        for (AclFile rules : plan.rules()) {
            if (asked.contains(rules)) {
                note(rules, read(() -> reload(rules), "the rules", outcome));
            }
        }
        for (PasswordFile users : plan.users()) {
            if (asked.contains(users)) {
                note(users, read(() -> reload(users), "the passwords", outcome));
            }
        }
        return outcome;
    }

    private void note(Object read, boolean good) {
        if (good) {
            failing.remove(read);
        } else {
            failing.add(read);
        }
    }

    /** A file that is read again. */
    @FunctionalInterface
    private interface Reading {
        void run() throws AuthFileException;
    }

    private void reload(PasswordFile users) throws AuthFileException {
        HoconBroker configured = plan.source().hocon();
        if (configured == null) {
            users.reload();
        } else {
            configured.reload(users);
        }
    }

    private void reload(AclFile rules) throws AuthFileException {
        HoconBroker configured = plan.source().hocon();
        if (configured == null) {
            rules.reload();
        } else {
            configured.reload(rules);
        }
    }

    private static boolean read(Reading reading, String what, Outcome outcome) {
        try {
            reading.run();
            outcome.done.add(what);
            return true;
        } catch (AuthFileException e) {
            outcome.failed.add(what + " stay as they are, as " + e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("{} can't be read again, they stay as they are", what, e);
            outcome.failed.add(what + " stay as they are, as " + e);
        }
        return false;
    }

    private boolean readTls(List<String> done, List<String> failed) {
        try {
            HoconBroker configured = plan.source().hocon();
            TlsReload tls = broker.reloadTls(configured == null ? Map.of() : configured.tls())
                    .toCompletableFuture()
                    .get();
            if (configured != null) {
                configured.reloaded(tls);
            }
            tls.failed().forEach((listener, why) -> failed.add(listener + " keeps what it has, as " + why));
            if (!tls.reloaded().isEmpty()) {
                done.add("the certificates of " + String.join(", ", tls.reloaded()));
            }
            return tls.failed().isEmpty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failed.add("the certificates stay as they are: interrupted");
        } catch (ExecutionException e) {
            failed.add("the certificates stay as they are, as " + e.getCause());
        } catch (RuntimeException e) {
            LOG.error("the certificates can't be read again, they stay as they are", e);
            failed.add("the certificates stay as they are, as " + e);
        }
        return false;
    }

    private static void tellWhatStays(@Nullable ConfiguredBroker configured) {
        if (configured != null && configured.differs(Configuration.read(configured.file()))) {
            LOG.warn(
                    "{} has changed: what it says counts from the next start, the files that it named at this one were read",
                    configured.file());
        }
    }

    // ---- without being asked

    /** SIGHUP asks for a reload; one that came during the start gets it now. */
    void onSignal(Hangups hangups) {
        if (hangups.fault() != null) {
            LOG.info("SIGHUP can't ask for a reload here: {}", hangups.fault());
        }
        hangups.tell(() -> {
            LOG.info("SIGHUP: reloading");
            ask().whenComplete((report, failure) -> {
                if (failure != null) {
                    LOG.error("the reload failed", failure);
                }
            });
        });
    }

    /**
     * A change of a file asks for a reload, once two looks in a row find the same: nobody is in the middle of writing then. What
     * can't be read is tried again at each look: rights to a file may come without a change of it.
     */
    void onChange(Plan.Watch watch) {
        Duration every = watch.every();
        if (every.isZero()) {
            return;
        }
        FileStamps stamps = watch.stamps();
        thread.scheduleWithFixedDelay(() -> look(stamps), every.toMillis(), every.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void look(FileStamps stamps) {
        try {
            if (stamps.haveChanged()) {
                LOG.info("files have changed: reloading");
                reload();
            } else if (failing.contains(plan)) {
                reload();
            } else if (!failing.isEmpty()) {
                read(Set.copyOf(failing));
            }
        } catch (RuntimeException e) { // otherwise it would have been the last look
            LOG.error("the files can't be looked at; tried again at the next look", e);
        }
    }
}
