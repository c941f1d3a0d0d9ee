package dev.dunlin.broker;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CRL;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads PEM files. Whatever is wrong with one is a {@link BrokerStartException} of kind CONFIG, in a sentence. Blocks. */
final class PemFiles {
    private PemFiles() {}

    /** All text of a file. */
    static String text(String what, Path file) throws BrokerStartException {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw unreadable(what, file, e);
        }
    }

    /** The certificates in a file, at least one. */
    static List<X509Certificate> certificates(Path file) throws BrokerStartException {
        return objects(file, Kind.CERTIFICATE, X509Certificate.class, CertificateFactory::generateCertificates);
    }

    /** As {@link #certificates}; of a folder, those of all files in it that have any. */
    static List<X509Certificate> certificatesAt(Path place) throws BrokerStartException {
        List<X509Certificate> all = new ArrayList<>();
        for (Path file : files(place, Kind.CERTIFICATE)) {
            all.addAll(certificates(file));
        }
        return all;
    }

    /** The revocation lists in a file, at least one; of a folder, those of all files in it that have any. */
    static List<X509CRL> revocationListsAt(Path place) throws BrokerStartException {
        List<X509CRL> all = new ArrayList<>();
        for (Path file : files(place, Kind.REVOCATION_LIST)) {
            all.addAll(objects(file, Kind.REVOCATION_LIST, X509CRL.class, CertificateFactory::generateCRLs));
        }
        return all;
    }

    static BrokerStartException config(String message, @Nullable Throwable cause) {
        return new BrokerStartException(BrokerStartException.Kind.CONFIG, message, cause);
    }

    /** What a PEM file may hold. */
    private enum Kind {
        CERTIFICATE("certificate", "-----BEGIN CERTIFICATE-----"),
        REVOCATION_LIST("revocation list", "-----BEGIN X509 CRL-----");

        private final String words;
        private final String begin;

        Kind(String words, String begin) {
            this.words = words;
            this.begin = begin;
        }
    }

    /** How the JDK makes objects from what is in a file: {@link Certificate} or {@link CRL}. */
    @FunctionalInterface
    private interface Parser<T> {
        Collection<? extends T> parse(CertificateFactory factory, InputStream in) throws GeneralSecurityException;
    }

    private static <T, X extends T> List<X> objects(Path file, Kind kind, Class<X> type, Parser<T> parser)
            throws BrokerStartException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw unreadable(kind.words, file, e);
        }
        List<X> objects;
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            objects = parser.parse(factory, new ByteArrayInputStream(bytes)).stream()
                    .map(type::cast)
                    .toList();
        } catch (GeneralSecurityException e) {
            throw config("the " + kind.words + " file " + file + " doesn't hold PEM " + kind.words + "s", e);
        }
        if (objects.isEmpty()) {
            throw config("there is no " + kind.words + " in " + file, null);
        }
        return objects;
    }

    /** The file itself, or those in the folder that have such objects: folders of certificates have other things in them. */
    private static List<Path> files(Path place, Kind kind) throws BrokerStartException {
        if (!Files.isDirectory(place)) {
            return List.of(place);
        }
        List<Path> files = new ArrayList<>();
        try (Stream<Path> all = Files.list(place)) {
            for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
                if (text(kind.words, file).contains(kind.begin)) {
                    files.add(file);
                }
            }
        } catch (IOException e) {
            throw unreadable(kind.words + " folder", place, e);
        } catch (UncheckedIOException e) { // while it was being listed
            throw unreadable(kind.words + " folder", place, new IOException(e.getMessage(), e));
        }
        if (files.isEmpty()) {
            throw config("there is no file with a " + kind.words + " in the folder " + place, null);
        }
        return files;
    }

    private static BrokerStartException unreadable(String what, Path file, IOException e) {
        String why = e instanceof NoSuchFileException
                ? "there is no such file"
                : e instanceof AccessDeniedException ? "no permission" : String.valueOf(e.getMessage());
        return config("the " + what + " " + file + " can't be read: " + why, e);
    }
}
