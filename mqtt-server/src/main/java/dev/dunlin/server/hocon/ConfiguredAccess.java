package dev.dunlin.server.hocon;

import dev.dunlin.auth.AclFile;
import dev.dunlin.auth.AuthFileException;
import dev.dunlin.auth.PasswordFile;
import dev.dunlin.broker.Listener;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Who comes in through which listener, and may do what: password and access files, each read once for all listeners. */
final class ConfiguredAccess {
    private final List<Fault> faults;
    private final Map<Users, PasswordFile> users = new LinkedHashMap<>();
    private final Map<ListenerSettings, PasswordFile> usersOf = new LinkedHashMap<>();
    private final Map<Path, AclFile> rules = new LinkedHashMap<>();
    private final Map<ListenerSettings, AclFile> rulesOf = new LinkedHashMap<>();

    /** What each goes by, and is to go by. */
    private final Map<PasswordFile, Choice<Users>> usersNow = new LinkedHashMap<>();

    private final Map<AclFile, Choice<Path>> rulesNow = new LinkedHashMap<>();

    /** Those that haven't been read since {@link #take}. */
    private final Set<Object> due = new HashSet<>();

    /** Why rules couldn't be read the last time. */
    private final Map<AclFile, AuthFileException> failed = new HashMap<>();

    /** A password file as one or several listeners use it. */
    private record Users(Path file, boolean anonymous) {}

    /** @param faults takes the files that can't be used */
    ConfiguredAccess(List<Fault> faults) {
        this.faults = faults;
    }

    /** The listener, letting in whom the configuration says. Reads files. */
    Listener guarded(ListenerSettings settings, Listener listener) {
        String passwords = settings.access(Keys.PASSWORD_FILE);
        String acl = settings.access(Keys.ACL_FILE);
        boolean anonymous = Boolean.TRUE.equals(settings.anonymous());
        PasswordFile who = passwords == null
                ? null
                : users(settings.whereOf(Keys.PASSWORD_FILE), new Users(Path.of(passwords), anonymous));
        AclFile what = acl == null ? null : rules(settings.whereOf(Keys.ACL_FILE), Path.of(acl));
        if (what != null) {
            rulesOf.put(settings, what);
        }
        if (who != null) {
            usersOf.put(settings, who);
            return what == null ? listener.security(who) : listener.security(who, what);
        }
        if (what != null) { // from where everybody may come in has been looked at
            return listener.allowAnonymous(what);
        }
        return anonymous ? listener.allowAnonymous() : listener;
    }

    private @Nullable PasswordFile users(Where said, Users of) {
        PasswordFile known = users.get(of);
        if (known != null) {
            return known;
        }
        try {
            PasswordFile read = PasswordFile.at(of.file).anonymous(of.anonymous);
            users.put(of, read);
            usersNow.put(read, new Choice<>(of));
            return read;
        } catch (AuthFileException e) {
            faults.add(new Fault(said, String.valueOf(e.getMessage())));
            return null;
        }
    }

    private @Nullable AclFile rules(Where said, Path of) {
        AclFile known = rules.get(of);
        if (known != null) {
            return known;
        }
        try {
            AclFile read = AclFile.at(of);
            rules.put(of, read);
            rulesNow.put(read, new Choice<>(of));
            return read;
        } catch (AuthFileException e) {
            faults.add(new Fault(said, String.valueOf(e.getMessage())));
            return null;
        }
    }

    /**
     * Notes what is to be read by another reading of the configuration, and whether clients without a user name are to come in
     * where there is a password file. Listeners that share a file and its treatment must all be there and agree; else it stays.
     * {@link #reload} reads, and only what could be read counts.
     *
     * @param now what says it now, by what this was made with; without listeners of which nothing is taken
     */
    void take(Map<ListenerSettings, ListenerSettings> now) {
        usersNow.forEach((file, choice) ->
                choice.want(agreed(file, usersOf, now, ConfiguredAccess::wanted).orElse(choice.inForce())));
        rulesNow.forEach((file, choice) -> choice.want(
                agreed(file, rulesOf, now, says -> path(says, Keys.ACL_FILE)).orElse(choice.inForce())));
        due.addAll(usersNow.keySet());
        due.addAll(rulesNow.keySet());
    }

    /** How many of the two, users and rules, are other ones than those in force. */
    int changes(ListenerSettings listener, ListenerSettings now) {
        PasswordFile users = usersOf.get(listener);
        AclFile rules = rulesOf.get(listener);
        boolean otherUsers = users == null
                ? path(now, Keys.PASSWORD_FILE).isPresent() || !Objects.equals(listener.anonymous(), now.anonymous())
                : !wanted(now).equals(Optional.of(inForce(usersNow, users)));
        boolean otherRules =
                !path(now, Keys.ACL_FILE).equals(Optional.ofNullable(rules).map(file -> inForce(rulesNow, file)));
        return (otherUsers ? 1 : 0) + (otherRules ? 1 : 0);
    }

    private static <F, W> W inForce(Map<F, Choice<W>> all, F file) {
        return Objects.requireNonNull(all.get(file), "not of this configuration")
                .inForce();
    }

    private static Optional<Path> path(ListenerSettings settings, String key) {
        return Optional.ofNullable(settings.access(key)).map(Path::of);
    }

    private static Optional<Users> wanted(ListenerSettings settings) {
        return path(settings, Keys.PASSWORD_FILE)
                .map(file -> new Users(file, Boolean.TRUE.equals(settings.anonymous())));
    }

    /** What is to stand for this file, if all of its listeners have the same, and have any. */
    private static <F, W> Optional<W> agreed(
            F file,
            Map<ListenerSettings, F> files,
            Map<ListenerSettings, ListenerSettings> now,
            Function<ListenerSettings, Optional<W>> wanted) {
        Set<Optional<W>> all = new HashSet<>();
        files.forEach((listener, of) -> {
            if (of == file) {
                all.add(Optional.ofNullable(now.get(listener)).flatMap(wanted));
            }
        });
        return all.size() == 1 ? all.iterator().next() : Optional.empty();
    }

    /** Says of each key for which it is not to be as {@code now} has it, that it stays. */
    void compare(ListenerSettings listener, ListenerSettings now, Stays stays) {
        Optional<Users> who = Optional.ofNullable(usersOf.get(listener))
                .map(file -> Objects.requireNonNull(usersNow.get(file)).wanted());
        Optional<Path> what = Optional.ofNullable(rulesOf.get(listener))
                .map(file -> Objects.requireNonNull(rulesNow.get(file)).wanted());
        stays.check(
                Keys.PASSWORD_FILE,
                path(listener, Keys.PASSWORD_FILE).map(Path::toString),
                who.map(Users::file).map(Path::toString),
                path(now, Keys.PASSWORD_FILE).map(Path::toString));
        stays.check(
                Keys.ACL_FILE,
                path(listener, Keys.ACL_FILE).map(Path::toString),
                what.map(Path::toString),
                path(now, Keys.ACL_FILE).map(Path::toString));
        if (who.isPresent()) { // false and nothing are the same then
            stays.check(
                    Keys.ANONYMOUS,
                    Optional.of(Boolean.TRUE.equals(listener.anonymous())),
                    who.map(Users::anonymous),
                    Optional.of(Boolean.TRUE.equals(now.anonymous())));
        } else {
            Optional<Boolean> held = Optional.ofNullable(listener.anonymous());
            stays.check(Keys.ANONYMOUS, held, held, Optional.ofNullable(now.anonymous()));
        }
    }

    /**
     * Reads the rules that are wanted. If they can't be used, those in force stay; their file is read again then, once after each
     * {@link #take}.
     */
    void reload(AclFile file) throws AuthFileException {
        Choice<Path> choice = Objects.requireNonNull(rulesNow.get(file), "not of this configuration");
        boolean first = due.remove(file);
        try {
            file.reload(choice.wanted());
            choice.taken();
            failed.remove(file);
        } catch (AuthFileException e) {
            failed.put(file, e);
            if (first && choice.isOther()) {
                again(() -> file.reload(choice.inForce()), e);
            }
            throw e;
        }
    }

    /**
     * As {@link #reload(AclFile)}, for users; whether they need a name changes with them. To be called after that: other users
     * wait until the rules of their listeners could be read, so that nobody comes in who is bounded only by these.
     */
    void reload(PasswordFile file) throws AuthFileException {
        Choice<Users> choice = Objects.requireNonNull(usersNow.get(file), "not of this configuration");
        Users wanted = choice.wanted();
        boolean first = due.remove(file);
        if (!wanted.anonymous) {
            file.anonymous(false); // this waits for no file
        }
        try {
            if (isLooser(choice)) {
                requireRules(file);
            }
            file.reload(wanted.file);
            file.anonymous(wanted.anonymous);
            choice.taken();
        } catch (AuthFileException e) {
            if (first && choice.isOther()) {
                again(() -> file.reload(choice.inForce().file), e);
            }
            throw e;
        }
    }

    /** Whether somebody may come in who didn't before, but for those who are new in the same file. */
    private static boolean isLooser(Choice<Users> choice) {
        Users wanted = choice.wanted();
        Users inForce = choice.inForce();
        return !wanted.file.equals(inForce.file) || (wanted.anonymous && !inForce.anonymous);
    }

    private void requireRules(PasswordFile users) throws AuthFileException {
        for (Map.Entry<ListenerSettings, PasswordFile> entry : usersOf.entrySet()) {
            AclFile its = rulesOf.get(entry.getKey());
            AuthFileException why = its == null ? null : failed.get(its);
            if (entry.getValue() == users && why != null) {
                throw why;
            }
        }
    }

    /** A file that is read again. */
    @FunctionalInterface
    private interface Reading {
        void run() throws AuthFileException;
    }

    /** Reads the file in force, as the other one can't be used. */
    private static void again(Reading reading, AuthFileException why) {
        try {
            reading.run();
        } catch (AuthFileException e) { // logged by the file
            if (e != why) {
                why.addSuppressed(e);
            }
        }
    }

    /** The files that were read last. */
    List<Path> files() {
        return Stream.concat(
                        usersNow.values().stream().map(choice -> choice.inForce().file),
                        rulesNow.values().stream().map(Choice::inForce))
                .toList();
    }

    List<PasswordFile> users() {
        return List.copyOf(users.values());
    }

    List<AclFile> rules() {
        return List.copyOf(rules.values());
    }
}
