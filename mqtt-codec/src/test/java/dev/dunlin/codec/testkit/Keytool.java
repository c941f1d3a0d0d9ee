package dev.dunlin.codec.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** The JDK's keytool on a key store of its own, in a folder that goes with the JVM. */
final class Keytool {
    private static final String PASSWORD = "changeit";

    private final Path folder;
    private final Path store;

    private Keytool(Path folder) {
        this.folder = folder;
        store = folder.resolve("store");
    }

    /** With nothing in the store. */
    static Keytool create() {
        try {
            Path folder = Files.createTempDirectory("dunlin-cert");
            folder.toFile().deleteOnExit();
            return new Keytool(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where files may be made. */
    Path folder() {
        return folder;
    }

    /** Runs a command on the store. */
    void run(String command, String... options) {
        List<String> all = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                command,
                "-keystore",
                store.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD));
        all.addAll(List.of(options));
        run(all);
        store.toFile().deleteOnExit();
    }

    /** Runs any command to its good end. */
    static void run(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(command.get(0) + ": " + said);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The certificate of that name, with those that have signed it, and its key; written to files too. */
    TestCertificate certificate(String alias) {
        try {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(store)) {
                keys.load(in, PASSWORD.toCharArray());
            }
            return TestCertificate.of(
                    folder,
                    alias,
                    new KeyStore.PrivateKeyEntry(
                            (java.security.PrivateKey) keys.getKey(alias, PASSWORD.toCharArray()),
                            keys.getCertificateChain(alias)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Writes one PEM object. */
    static String pem(String kind, byte[] der) {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + kind + "-----\n" + base64 + "\n-----END " + kind + "-----\n";
    }
}
