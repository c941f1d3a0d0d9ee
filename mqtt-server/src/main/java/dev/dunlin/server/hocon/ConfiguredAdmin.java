package dev.dunlin.server.hocon;

import dev.dunlin.server.admin.AdminSettings;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes of what a configuration says how the server is administered over HTTP. */
final class ConfiguredAdmin {
    private ConfiguredAdmin() {}

    /**
     * What it says; null for no administration. Reads the token's file.
     *
     * @param faults takes what is wrong
     */
    static @Nullable AdminSettings of(HoconFile file, List<Fault> faults) {
        Settings said = file.broker();
        Integer port = said.numberOrNull(Keys.ADMIN_PORT);
        if (port == null) {
            return null;
        }
        Where where = said.where(Keys.ADMIN_PORT, Where.of(file.files().get(0)));
        try {
            AdminSettings settings = new AdminSettings(
                    said.text(Keys.ADMIN_BIND).replaceFirst("^\\[(.*)]$", "$1"),
                    port,
                    said.list(Keys.ADMIN_NAMES),
                    token(said),
                    identity(said),
                    said.flag(Keys.ADMIN_METRICS_WITHOUT_TOKEN),
                    said.flag(Keys.ADMIN_PLAIN_TEXT));
            String fault = settings.fault();
            if (fault == null) {
                return settings;
            }
            faults.add(new Fault(where, "admin: " + fault));
        } catch (IllegalArgumentException e) {
            faults.add(new Fault(where, "admin: " + e.getMessage()));
        }
        return null;
    }

    private static @Nullable String token(Settings said) {
        Path file = said.path(Keys.ADMIN_TOKEN_FILE);
        String token = said.textOrNull(Keys.ADMIN_TOKEN);
        if (file == null) {
            return token;
        }
        if (token != null) {
            throw new IllegalArgumentException(Keys.ADMIN_TOKEN + " stands beside " + Keys.ADMIN_TOKEN_FILE);
        }
        return AdminSettings.tokenIn(file);
    }

    private static AdminSettings.@Nullable Identity identity(Settings said) {
        Path cert = said.path(Keys.ADMIN_CERT);
        Path key = said.path(Keys.ADMIN_KEY);
        if (cert == null && key == null) {
            return null;
        }
        if (cert == null || key == null) {
            throw new IllegalArgumentException(Keys.ADMIN_CERT + " and " + Keys.ADMIN_KEY + " go together");
        }
        return new AdminSettings.Identity(cert, key);
    }
}
