package dev.dunlin.server;

import dev.dunlin.auth.Passwords;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.BufferedInputStream;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes and changes password files, with the options of mosquitto_passwd. */
@Command(
        name = Passwd.NAME,
        sortOptions = false,
        description =
                "Sets the password of a user in a password file, which Mosquitto reads as well. It is asked for twice, unless it"
                        + " is said where it comes from. The file is changed as a whole or not at all; what else is in it stays.",
        footer = {"", "Exit codes: 0 changed, 1 the file is as before unless the message says otherwise, 2 wrong usage."
        })
final class Passwd implements StoreAction {
    static final String NAME = "passwd";

    /** What CONNECT has room for. */
    private static final int BYTES_MAX = 65_535;

    private static final String LOST =
            "has characters that didn't arrive here as they were typed: set LC_ALL to a UTF-8 locale such as C.UTF-8";

    @Spec
    @Nullable
    CommandSpec command;

    @Parameters(
            index = "0",
            paramLabel = "FILE",
            converter = Options.FileConverter.class,
            description = "The password file.")
    Path file = Path.of("");

    @Parameters(index = "1", paramLabel = "USER", arity = "0..1", description = "Whose password it is.")
    @Nullable
    String user;

    @Parameters(index = "2", paramLabel = "PASSWORD", arity = "0..1", description = "The password, with -b.")
    @Nullable
    String given;

    @Option(
            names = {"-c", "--create"},
            description = "Make a new file.")
    boolean create;

    @Option(names = "--force", description = "With -c: in the place of a file that is there.")
    boolean force;

    @Option(
            names = {"-D", "--delete"},
            description = "Delete the user.")
    boolean delete;

    @Option(
            names = {"-U", "--upgrade"},
            description = "Hash the passwords of a file that stand in it as they are; those that are hashed stay.")
    boolean upgrade;

    @Option(
            names = {"-b", "--batch"},
            description = "Take the password from the command line, where others on the machine can see it.")
    boolean batch;

    @Option(names = "--stdin", description = "Take the password from standard input, one line.")
    boolean stdin;

    @Option(
            names = {"-H", "--hash"},
            paramLabel = "KIND",
            description =
                    "sha512-pbkdf2 (default), argon2id, which Mosquitto doesn't read, or sha512, for Mosquitto before 2.0.")
    String kind = "sha512-pbkdf2";

    @Option(
            names = {"-I", "--iterations"},
            paramLabel = "N",
            description = "Iterations of sha512-pbkdf2 (default " + Passwords.ITERATIONS + ").")
    @Nullable
    Integer iterations;

    @Option(names = "--help", usageHelp = true, description = "Print this text and exit.")
    boolean help;

    @Override
    public int run(PrintStream out, PrintStream err) throws StoreException, InterruptedException {
        check();
        Passwords hashing = hashing();
        try {
            PasswordEdit.requirePlace(file, create, force); // before anybody types a password
            // Nor is the file taken before that: a person may go away, or end this.
            String hash = delete || upgrade ? "" : hash(hashing);
            try (PasswordEdit edit = create ? PasswordEdit.ofNew(file, force) : PasswordEdit.of(file)) {
                String done = change(edit, hashing, hash);
                edit.finish();
                out.println(done);
            }
            return OK;
        } catch (IOException e) {
            throw new StoreException(Kind.IO, "the password file " + file + " can't be changed: " + Words.of(e), e);
        }
    }

    private String change(PasswordEdit edit, Passwords hashing, String hash) throws StoreException {
        if (upgrade) {
            int hashed = edit.upgrade(hashing);
            return "hashed " + hashed + (hashed == 1 ? " password in " : " passwords in ") + file;
        }
        if (delete) {
            edit.delete(user());
            return "deleted user '" + user() + "' in " + file;
        }
        edit.set(user(), hash);
        return "set the password of user '" + user() + "' in " + file;
    }

    private String hash(Passwords hashing) throws StoreException, InterruptedException, IOException {
        byte[] password = password();
        try {
            return hashing.hash(password);
        } finally {
            Arrays.fill(password, (byte) 0);
        }
    }

    /** What can only be seen of all options together, and names that a file has no room for. */
    private void check() {
        List<String> verbs = List.of(create ? "-c" : "", delete ? "-D" : "", upgrade ? "-U" : "").stream()
                .filter(verb -> !verb.isEmpty())
                .toList();
        if (verbs.size() > 1) {
            throw wrong(String.join(" and ", verbs) + " can't be used together");
        }
        if ((delete || upgrade) && (batch || stdin)) {
            throw wrong(verbs.get(0) + " takes no password");
        }
        if (batch && stdin) {
            throw wrong("-b and --stdin can't be used together");
        }
        if (force && !create) {
            throw wrong("--force is for -c");
        }
        if (upgrade ? user != null : user == null) {
            throw wrong(upgrade ? "-U takes a FILE and no USER" : "a USER is missing");
        }
        if (batch ? given == null : given != null) {
            throw wrong(batch ? "-b takes a PASSWORD behind the USER" : "a PASSWORD on the command line needs -b");
        }
        if (user != null) {
            checkName(user);
        }
    }

    private void checkName(String name) {
        if (name.isEmpty()) {
            throw wrong("the name of a user is empty");
        }
        if (name.indexOf(':') >= 0 || name.chars().anyMatch(Character::isISOControl)) {
            throw wrong("the name of a user has a colon or a control character in it");
        }
        if (name.startsWith("#") || !name.equals(name.trim())) {
            throw wrong("the name of a user begins with '#', or begins or ends with a space");
        }
        if (!isText(name)) {
            throw wrong("the name of a user " + LOST);
        }
        if (name.getBytes(StandardCharsets.UTF_8).length > BYTES_MAX) {
            throw wrong("the name of a user has more than " + BYTES_MAX + " bytes");
        }
    }

    /** Whether it is what was typed: what the locale can't say arrives as the replacement character, or as half of one. */
    private static boolean isText(CharSequence typed) {
        return typed.codePoints().noneMatch(c -> c == 0xFFFD || Character.getType(c) == Character.SURROGATE);
    }

    private String user() {
        return String.valueOf(user);
    }

    private Passwords hashing() {
        if (iterations != null && !kind.equals("sha512-pbkdf2")) {
            throw wrong("-I is for -H sha512-pbkdf2");
        }
        try {
            return switch (kind) {
                case "sha512-pbkdf2" -> Passwords.pbkdf2(iterations == null ? Passwords.ITERATIONS : iterations);
                case "sha512" -> Passwords.sha512();
                case "argon2id" -> Passwords.argon2id();
                default -> throw wrong("'" + kind + "' is not a kind of hash, known: argon2id, sha512, sha512-pbkdf2");
            };
        } catch (IllegalArgumentException e) {
            throw wrong("-I: " + e.getMessage());
        }
    }

    private byte[] password() throws StoreException, InterruptedException, IOException {
        byte[] password =
                batch ? bytes(CharBuffer.wrap(String.valueOf(given))) : stdin ? line(standardInput()) : asked();
        if (password.length == 0) {
            throw new StoreException(Kind.IO, "the password is empty: nobody would get in with it");
        }
        if (password.length > BYTES_MAX) {
            throw new StoreException(Kind.IO, "the password has more than " + BYTES_MAX + " bytes");
        }
        return password;
    }

    /** Buffered, because a file stream asks where it is, and a pipe can't tell. */
    private static InputStream standardInput() {
        return new BufferedInputStream(new FileInputStream(FileDescriptor.in));
    }

    /** The one line that there is. */
    private static byte[] line(InputStream in) throws StoreException, IOException {
        byte[] all = in.readNBytes(BYTES_MAX + 3);
        int end = 0;
        while (end < all.length && all[end] != '\n') {
            end++;
        }
        if (end < all.length - 1) {
            throw new StoreException(Kind.IO, "standard input has more than one line");
        }
        boolean windows = end < all.length && end > 0 && all[end - 1] == '\r';
        byte[] line = Arrays.copyOf(all, windows ? end - 1 : end);
        Arrays.fill(all, (byte) 0);
        return line;
    }

    @SuppressWarnings("SystemConsoleNull") // from Java 22 on it isn't, and the terminal decides alone
    private byte[] asked() throws StoreException, InterruptedException {
        Console console = System.console();
        if (console == null || !Terminal.isInput()) {
            throw wrong(
                    "nobody can be asked for the password: standard input is no terminal (--stdin reads it from there)");
        }
        char @Nullable [] first = console.readPassword("Password: ");
        char @Nullable [] second = console.readPassword("Again: ");
        if (first == null || second == null || !Arrays.equals(first, second)) {
            throw new StoreException(Kind.IO, "the two passwords differ");
        }
        try {
            return bytes(CharBuffer.wrap(first));
        } finally {
            Arrays.fill(first, '\0');
            Arrays.fill(second, '\0');
        }
    }

    private static byte[] bytes(CharBuffer typed) throws StoreException {
        if (!isText(typed)) {
            throw new StoreException(Kind.IO, "the password " + LOST + ", or use --stdin, which takes bytes");
        }
        ByteBuffer bytes = ByteBuffer.allocate(3 * typed.length());
        StandardCharsets.UTF_8.newEncoder().encode(typed, bytes, true);
        byte[] password = Arrays.copyOf(bytes.array(), bytes.position());
        Arrays.fill(bytes.array(), (byte) 0);
        return password;
    }

    private ParameterException wrong(String what) {
        return new ParameterException(Objects.requireNonNull(command).commandLine(), what);
    }
}
