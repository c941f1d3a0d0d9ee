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
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who comes in through which listener, and may do what: password and access files, each read once for all listeners. */
final class ConfiguredAccess {
    private final List<Fault> faults;
    private final Map<Users, PasswordFile> users = new LinkedHashMap<>();
    private final Map<ListenerSettings, PasswordFile> usersOf = new LinkedHashMap<>();
    private final Map<Path, AclFile> rules = new LinkedHashMap<>();

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
     * Lets clients without a user name in, or out, as another reading of the file has it: where users have passwords, a broker
     * can do that while it runs. Listeners that share a password file and its treatment must agree.
     *
     * @param before the listeners that this was made with
     * @param now the same, in the same order
     * @return the listeners of {@code before} for which {@code security.anonymous} is as {@code now} says
     */
    Set<ListenerSettings> takeAnonymous(List<ListenerSettings> before, List<ListenerSettings> now) {
        Map<PasswordFile, Set<Boolean>> wanted = new HashMap<>();
        Set<ListenerSettings> taken = new HashSet<>();
        for (int i = 0; i < before.size(); i++) {
            PasswordFile who = usersOf.get(before.get(i));
            if (who != null) {
                wanted.computeIfAbsent(who, file -> new HashSet<>())
                        .add(Boolean.TRUE.equals(now.get(i).anonymous()));
            }
        }
        for (int i = 0; i < before.size(); i++) {
            PasswordFile who = usersOf.get(before.get(i));
            boolean sameFile = Objects.equals(
                    before.get(i).access(Keys.PASSWORD_FILE), now.get(i).access(Keys.PASSWORD_FILE));
            Set<Boolean> one = who == null ? Set.of() : wanted.getOrDefault(who, Set.of());
            if (who != null && sameFile && one.size() == 1) {
                who.anonymous(one.contains(true));
                taken.add(before.get(i));
            }
        }
        return taken;
    }

    List<PasswordFile> users() {
        return List.copyOf(users.values());
    }

    List<AclFile> rules() {
        return List.copyOf(rules.values());
    }
}
