import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Copies jars without the native libraries in them, and puts those of one platform into a folder beside them: there the JVM
 * loads them as they are, where from a jar each start would have to unpack them into a temporary folder.
 *
 * <p>{@code java OnePlatform.java JARS TO PLATFORM}: to {@code TO} and {@code TO/native}. Writes the same bytes each time.
 */
final class OnePlatform {
    private static final Pattern NATIVE = Pattern.compile(".*\\.(so|dll|jnilib|dylib)");

    /** By platform, as Netty calls them: the end of the name in the jar. */
    private static final Map<String, List<String>> WANTED = Map.of(
            "linux-x86_64",
            List.of(
                    "librocksdbjni-linux64.so",
                    "libnetty_transport_native_epoll_x86_64.so",
                    "linux/amd64/liblz4-java.so"),
            "linux-aarch_64",
            List.of(
                    "librocksdbjni-linux-aarch64.so",
                    "libnetty_transport_native_epoll_aarch_64.so",
                    "linux/aarch64/liblz4-java.so"));

    private OnePlatform() {}

    public static void main(String[] args) throws IOException {
        Path to = Path.of(args[1]);
        List<String> wanted = WANTED.get(args[2]);
        if (wanted == null) {
            throw new IllegalArgumentException("no platform " + args[2] + ", known: " + WANTED.keySet());
        }
        Path natives = Files.createDirectories(to.resolve("native"));
        List<Path> jars;
        try (Stream<Path> files = Files.list(Path.of(args[0]))) {
            jars = files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
        }
        for (Path jar : jars) {
            copy(jar, to.resolve(jar.getFileName()), natives, wanted);
        }
        try (Stream<Path> found = Files.list(natives)) {
            if (found.count() != wanted.size()) {
                throw new IllegalStateException("the jars don't have all of " + wanted);
            }
        }
    }

    private static void copy(Path from, Path to, Path natives, List<String> wanted) throws IOException {
        try (ZipFile jar = new ZipFile(from.toFile())) {
            List<? extends ZipEntry> entries = Collections.list(jar.entries());
            if (entries.stream().noneMatch(OnePlatform::isNative)) {
                Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING); // also its signature stays good
                return;
            }
            for (ZipEntry entry : entries) {
                if (isNative(entry) && wanted.stream().anyMatch(entry.getName()::endsWith)) {
                    unpack(jar, entry, natives);
                }
            }
            if (entries.stream().anyMatch(entry -> entry.getName().endsWith(".class"))) {
                copyOthers(jar, entries, to);
            }
        }
    }

    private static boolean isNative(ZipEntry entry) {
        return NATIVE.matcher(entry.getName()).matches();
    }

    private static void unpack(ZipFile jar, ZipEntry entry, Path natives) throws IOException {
        try (InputStream in = jar.getInputStream(entry)) {
            Files.copy(
                    in,
                    natives.resolve(entry.getName().replaceFirst(".*/", "")),
                    StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void copyOthers(ZipFile jar, List<? extends ZipEntry> entries, Path to) throws IOException {
        try (OutputStream file = Files.newOutputStream(to);
                ZipOutputStream out = new ZipOutputStream(file)) {
            for (ZipEntry entry : entries) {
                if (!isNative(entry)) {
                    ZipEntry copy = new ZipEntry(entry.getName());
                    copy.setTimeLocal(entry.getTimeLocal()); // in no zone of time
                    out.putNextEntry(copy);
                    try (InputStream in = jar.getInputStream(entry)) {
                        in.transferTo(out);
                    }
                    out.closeEntry();
                }
            }
        }
    }
}
