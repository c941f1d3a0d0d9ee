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
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Who comes in through which listener, and may do what: password and access files, each read once for all listeners. */
final class ConfiguredAccess {
    private final List<Fault> faults;
    private final Map<Users, PasswordFile> users = new LinkedHashMap<>();
    private final Map<ListenerSettings, PasswordFile> usersOf = new LinkedHashMap<>();
    private final Map<Path, AclFile> rules = new LinkedHashMap<>();
    private final Map<ListenerSettings, AclFile> rulesOf = new LinkedHashMap<>();

    /** What to read for each, by the last reading of the configuration; by none yet what it was made of. */
    private final Map<PasswordFile, Path> usersNow = new HashMap<>();

    private final Map<AclFile, Path> rulesNow = new HashMap<>();

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
            return read;
        } catch (AuthFileException e) {
            faults.add(new Fault(said, String.valueOf(e.getMessage())));
            return null;
        }
    }

    /**
     * Takes over, of another reading of the file, which files are read, and whether clients without a user name come in where
     * there is a password file: a broker can change that while it runs. Listeners that share a file and its treatment must agree.
     * The files themselves are read by {@link #reload}.
     *
     * @param before the listeners that this was made with
     * @param now the same, in the same order
     * @return the listeners of {@code before} for which all is as {@code now} says, by the key
     */
    Map<String, Set<ListenerSettings>> take(List<ListenerSettings> before, List<ListenerSettings> now) {
        Map<PasswordFile, Users> users = agreed(usersOf, before, now, ConfiguredAccess::wanted);
        Map<AclFile, Path> rules = agreed(rulesOf, before, now, settings -> path(settings, Keys.ACL_FILE));
        users.forEach((file, one) -> {
            usersNow.put(file, one.file);
            file.anonymous(one.anonymous);
        });
        rulesNow.putAll(rules);
        Set<ListenerSettings> withUsers = having(usersOf, users.keySet());
        return Map.of(
                Keys.PASSWORD_FILE, withUsers,
                Keys.ANONYMOUS, withUsers,
                Keys.ACL_FILE, having(rulesOf, rules.keySet()));
    }

    private static Optional<Path> path(ListenerSettings settings, String key) {
        return Optional.ofNullable(settings.access(key)).map(Path::of);
    }

    private static Optional<Users> wanted(ListenerSettings settings) {
        return path(settings, Keys.PASSWORD_FILE)
                .map(file -> new Users(file, Boolean.TRUE.equals(settings.anonymous())));
    }

    /** What stands for each file now, where all of its listeners have the same, and have any. */
    private static <F, W> Map<F, W> agreed(
            Map<ListenerSettings, F> files,
            List<ListenerSettings> before,
            List<ListenerSettings> now,
            Function<ListenerSettings, Optional<W>> wanted) {
        Map<F, Set<Optional<W>>> all = new LinkedHashMap<>();
        for (int i = 0; i < before.size(); i++) {
            F file = files.get(before.get(i));
            if (file != null) {
                all.computeIfAbsent(file, none -> new HashSet<>()).add(wanted.apply(now.get(i)));
            }
        }
        Map<F, W> agreed = new LinkedHashMap<>();
        all.forEach((file, said) -> {
            if (said.size() == 1) {
                said.iterator().next().ifPresent(one -> agreed.put(file, one));
            }
        });
        return agreed;
    }

    private static <F> Set<ListenerSettings> having(Map<ListenerSettings, F> files, Set<F> some) {
        return files.keySet().stream()
                .filter(listener -> some.contains(files.get(listener)))
                .collect(Collectors.toSet());
    }

    /** Reads the file that stands for these users now. */
    void reload(PasswordFile file) throws AuthFileException {
        Path now = usersNow.get(file);
        if (now == null) {
            file.reload();
        } else {
            file.reload(now);
        }
    }

    /** Reads the file that stands for these rules now. */
    void reload(AclFile file) throws AuthFileException {
        Path now = rulesNow.get(file);
        if (now == null) {
            file.reload();
        } else {
            file.reload(now);
        }
    }

    List<PasswordFile> users() {
        return List.copyOf(users.values());
    }

    List<AclFile> rules() {
        return List.copyOf(rules.values());
    }
}
