package dev.dunlin.server.mosquitto;

import dev.dunlin.auth.AclFile;
import dev.dunlin.auth.AuthFileException;
import dev.dunlin.auth.PasswordFile;
import dev.dunlin.broker.Listener;
import dev.dunlin.broker.spi.Authenticator;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** Who comes in through which listener, and may do what: password and access files, each read once for all listeners. */
final class AccessFiles {
    private final Configuration configuration;
    private final Map<Users, PasswordFile> users = new LinkedHashMap<>();
    private final Map<Path, AclFile> rules = new LinkedHashMap<>();

    /** A password file as one or several listeners use it. */
    private record Users(Path file, boolean anonymous) {}

    AccessFiles(Configuration configuration) {
        this.configuration = configuration;
    }

    /** The listener, let in whom the configuration says. Reads files. */
    Listener guarded(ListenerSection section, Listener listener) throws AuthFileException {
        Section access = configuration.access(section);
        Authenticator who = authenticator(section.settings(), access);
        String prefixes = configuration.broker().text(Key.CLIENTID_PREFIXES);
        who = prefixes == null ? who : ClaimedName.withClientIds(prefixes, who);
        String acl = access.text(Key.ACL_FILE);
        return acl == null ? listener.security(who) : listener.security(who, rules(Path.of(acl)));
    }

    /** A user name from a certificate needs no password, whatever the password file says. */
    private Authenticator authenticator(Section listener, Section access) throws AuthFileException {
        if (isNamedByCertificate(listener)) {
            return ClaimedName::certified;
        }
        boolean anonymous = access.has(Key.ALLOW_ANONYMOUS) ? access.flag(Key.ALLOW_ANONYMOUS) : configuration.local();
        String file = access.text(Key.PASSWORD_FILE);
        if (file != null) {
            return users(new Users(Path.of(file), anonymous));
        }
        return anonymous ? ClaimedName::believed : ClaimedName::refused;
    }

    private PasswordFile users(Users of) throws AuthFileException {
        PasswordFile known = users.get(of);
        if (known == null) {
            known = PasswordFile.at(of.file).anonymous(of.anonymous);
            users.put(of, known);
        }
        return known;
    }

    private AclFile rules(Path of) throws AuthFileException {
        AclFile known = rules.get(of);
        if (known == null) {
            known = AclFile.at(of);
            rules.put(of, known);
        }
        return known;
    }

    private static boolean isNamedByCertificate(Section listener) {
        return listener.flag(Key.USE_IDENTITY_AS_USERNAME) || listener.flag(Key.USE_SUBJECT_AS_USERNAME);
    }

    /** The files that are read for a listener. */
    static List<Path> files(Section listener, Section access) {
        String users = isNamedByCertificate(listener) ? null : access.text(Key.PASSWORD_FILE);
        return Stream.of(users, access.text(Key.ACL_FILE))
                .filter(Objects::nonNull)
                .map(Path::of)
                .toList();
    }

    List<PasswordFile> users() {
        return List.copyOf(users.values());
    }

    List<AclFile> rules() {
        return List.copyOf(rules.values());
    }
}
