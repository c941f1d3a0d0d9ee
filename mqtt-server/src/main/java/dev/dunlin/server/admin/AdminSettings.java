package dev.dunlin.server.admin;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the server is administered.
 *
 * @param host an address or a name of one, IPv6 without brackets
 * @param port 0 to 65535; 0 takes a free one
 * @param names under which it may be asked, beside addresses, localhost and {@code host}
 * @param token of whoever may ask, from 16 characters; null for a random one
 * @param tls null for none
 * @param metricsWithoutToken whether anybody who reaches the port may read the metrics
 * @param plainText whether other machines may reach it without TLS
 */
public record AdminSettings(
        String host,
        int port,
        List<String> names,
        @Nullable String token,
        @Nullable Identity tls,
        boolean metricsWithoutToken,
        boolean plainText) {
    /** Where it is when nobody says anything else. */
    public static final int USUAL_PORT = 18_083;

    private static final int TOKEN_CHARS_MIN = 16;
    private static final int TOKEN_CHARS_MAX = 1_024;

    /**
     * What it proves to be who it is with.
     *
     * @param chain PEM file with its certificate and those that lead to its root
     * @param key PEM file with the key of that
     */
    public record Identity(Path chain, Path key) {}

    /** Copies the list. */
    public AdminSettings {
        names = List.copyOf(names);
    }

    /** On this machine only, with a random token. */
    public static AdminSettings onLoopback(int port) {
        return new AdminSettings("127.0.0.1", port, List.of(), null, null, false, false);
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "administration at " + host + ":" + port;
    }

    /**
     * The token in a file, its one line. Blocks.
     *
     * @throws IllegalArgumentException with a sentence
     */
    public static String tokenIn(Path file) {
        try {
            List<String> lines = Files.readAllLines(file);
            if (lines.size() == 1) {
                return lines.get(0).strip();
            }
            throw new IllegalArgumentException(file + " has " + lines.size() + " lines, not one with a token");
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException("the token can't be read: there is no file " + file, e);
        } catch (AccessDeniedException e) {
            throw new IllegalArgumentException("the token can't be read: no permission for " + file, e);
        } catch (IOException e) {
            throw new IllegalArgumentException("the token can't be read: " + e, e);
        }
    }

    /** A sentence about what can't be; null if all can. The name service may be asked. */
    @Nullable
    public String fault() {
        boolean loopback;
        try {
            loopback = InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return "'" + host + "' is not an address or the name of one";
        }
        String given = token;
        if (given != null && (given.length() < TOKEN_CHARS_MIN || given.length() > TOKEN_CHARS_MAX)) {
            return "the token has " + given.length() + " characters, not " + TOKEN_CHARS_MIN + " to " + TOKEN_CHARS_MAX;
        }
        if (given != null && !given.matches("[!-~]+")) {
            return "the token has other characters than letters, digits and signs of ASCII";
        }
        if (!loopback && token == null) {
            return "other machines reach " + host + ": a token of your own is needed (--admin-token-file)";
        }
        if (!loopback && tls == null && !plainText) {
            return "other machines reach " + host
                    + ": TLS is needed (admin.tls), or admin.plain-text = true, which lets everybody between read the token";
        }
        return null;
    }
}
