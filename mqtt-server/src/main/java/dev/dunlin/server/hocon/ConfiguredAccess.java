package dev.dunlin.server.hocon;

import dev.dunlin.auth.AclFile;
import dev.dunlin.auth.AuthFileException;
import dev.dunlin.auth.PasswordFile;
import dev.dunlin.broker.Listener;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Who comes in through which listener, and may do what: password and access files, each read once for all listeners. */
final class ConfiguredAccess {
    private final List<Fault> faults;
    private final Map<Users, PasswordFile> users = new LinkedHashMap<>();
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

    List<PasswordFile> users() {
        return List.copyOf(users.values());
    }

    List<AclFile> rules() {
        return List.copyOf(rules.values());
    }
}
