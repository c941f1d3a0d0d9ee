package dev.dunlin.server;

import static dev.dunlin.server.Child.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.auth.PasswordFile;
import dev.dunlin.auth.Passwords;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.server.Child.Ended;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** {@code dunlin passwd}: what it makes of password files, and what it refuses to do to them. */
final class PasswdTest {
    @TempDir
    private Path temp;

    private Path file;

    @BeforeEach
    void name() {
        file = temp.resolve("passwords");
    }

    /** Runs the command in this process; returns what it prints. FILE stands for the file. */
    private String passwd(String... args) throws Exception {
        List<String> words = new ArrayList<>(List.of("passwd"));
        Arrays.stream(args)
                .map(word -> word.equals("FILE") ? file.toString() : word)
                .forEach(words::add);
        String[] all = words.toArray(String[]::new);
        ParseResult given = Options.parserOf(new Options(), all).parseArgs(all);
        StoreAction action = (StoreAction) given.subcommand().commandSpec().userObject();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8)) {
            assertThat(action.run(print, print)).isEqualTo(StoreAction.OK);
        }
        return out.toString(StandardCharsets.UTF_8).strip();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Whether a line is for this user, and its hash for this password. */
    private static void assertIsFor(String line, String user, String password) {
        assertThat(line).startsWith(user + ":$");
        assertThat(Passwords.matches(line.substring(user.length() + 1), bytes(password)))
                .isTrue();
    }

    // ---- what it does

    @Test
    void makesAFileForItsOwnerOnly() throws Exception {
        assertThat(passwd("-c", "-b", "FILE", "ann", "secret")).isEqualTo("set the password of user 'ann' in " + file);
        List<String> lines = Files.readAllLines(file);
        assertThat(lines).hasSize(1);
        assertIsFor(lines.get(0), "ann", "secret");
        assertThat(lines.get(0)).startsWith("ann:$7$" + Passwords.ITERATIONS + "$");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @ParameterizedTest
    @CsvSource({
        "-H, sha512, $6$",
        "-H, argon2id, '$argon2id$v=19$m=19456,t=2,p=1$'",
        "-H, sha512-pbkdf2, $7$20000$",
        "-I, 77, $7$77$",
    })
    void hashesAsItIsTold(String option, String value, String start) throws Exception {
        passwd(option, value, "-cb", "FILE", "j\u00F6rg", "s\u00E9cret");
        String line = Files.readString(file).strip();
        assertThat(line).startsWith("j\u00F6rg:" + start);
        assertIsFor(line, "j\u00F6rg", "s\u00E9cret");
        PasswordFile.at(file).close();
    }

    @Test
    void leavesAllOtherLinesAsTheyAre() throws Exception {
        byte[] before = "# users\r\n\n  bob :$6$x\r\nnot\u00FFtext:\nann:old:more\n#ann:x\nann:older\neve:$9$"
                .getBytes(StandardCharsets.ISO_8859_1);
        Files.write(file, before);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        passwd("-b", "FILE", "ann", "secret");
        passwd("-b", "FILE", "new", "secret");
        String after = Files.readString(file, StandardCharsets.ISO_8859_1);
        assertThat(after.replaceAll("\\$7\\$\\S+", "HASH"))
                .isEqualTo("# users\r\n\n  bob :$6$x\r\nnot\u00FFtext:\nann:HASH\n#ann:x\neve:$9$\nnew:HASH\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-r-----");

        assertThat(passwd("-D", "FILE", "bob")).isEqualTo("deleted user 'bob' in " + file);
        assertThat(Files.readString(file, StandardCharsets.ISO_8859_1).replaceAll("\\$7\\$\\S+", "HASH"))
                .isEqualTo("# users\r\n\nnot\u00FFtext:\nann:HASH\n#ann:x\neve:$9$\nnew:HASH\n");
        assertThat(temp).isDirectoryNotContaining(path -> !path.equals(file));
    }

    @Test
    void changesWhatALinkStandsFor() throws Exception {
        passwd("-c", "-I", "1", "-b", "FILE", "ann", "secret");
        Path link = Files.createSymbolicLink(temp.resolve("link"), file);
        passwd("-I", "1", "-b", link.toString(), "bob", "secret");
        assertThat(link).isSymbolicLink();
        assertThat(Files.readAllLines(file)).hasSize(2);
    }

    @Test
    void aByteOrderMarkIsNotPartOfAName() throws Exception {
        Files.writeString(file, "\uFEFFann:old\nbob:b\n");
        passwd("-I", "1", "-b", "FILE", "ann", "secret");
        List<String> lines = Files.readAllLines(file);
        assertThat(lines).hasSize(2).last().isEqualTo("bob:b");
        assertIsFor(lines.get(0), "\uFEFFann", "secret");
        passwd("-D", "FILE", "ann");
        assertThat(file).hasContent("\uFEFFbob:b\n");
        passwd("-U", "-I", "1", "FILE");
        assertIsFor(Files.readString(file).strip(), "\uFEFFbob", "b");
    }

    @Test
    void hashesAPlainFile() throws Exception {
        String bob = "bob:" + Passwords.pbkdf2(1).hash(bytes("b"));
        Files.writeString(file, "# users\nann:secret\n" + bob + "\ncarl: $ecret two \n");
        assertThat(passwd("-U", "-I", "1", "FILE")).isEqualTo("hashed 2 passwords in " + file);
        List<String> lines = Files.readAllLines(file);
        assertThat(lines.get(0)).isEqualTo("# users");
        assertIsFor(lines.get(1), "ann", "secret");
        assertThat(lines.get(2)).isEqualTo(bob);
        assertIsFor(lines.get(3), "carl", "$ecret two");
        assertThat(passwd("-U", "FILE")).isEqualTo("hashed 0 passwords in " + file);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bob:        | has no password",
                "bob         | has no password",
                ":x          | has no user",
                "bob:a:b     | has a second colon, and Mosquitto's passwords end there",
                "bob:$7$1$x  | has a hash that can't be read",
            })
    void hashesNothingOfAFileWithALineThatIsUnclear(String line, String what) throws Exception {
        String before = "ann:secret\n" + line + "\n";
        Files.writeString(file, before);
        assertThatThrownBy(() -> passwd("-U", "FILE"))
                .isInstanceOf(StoreException.class)
                .hasMessage("line 2 of " + file + " " + what);
        assertThat(file).hasContent(before);
        assertThat(temp).isDirectoryNotContaining(path -> !path.equals(file));
    }

    // ---- what it refuses

    @Test
    void leavesTheFileWhenItFails() throws Exception {
        assertThatThrownBy(() -> passwd("-b", "FILE", "ann", "x"))
                .isInstanceOf(StoreException.class)
                .hasMessage("the password file " + file + " is not there: -c makes it");
        passwd("-c", "-I", "1", "-b", "FILE", "ann", "secret");
        byte[] before = Files.readAllBytes(file);
        assertThatThrownBy(() -> passwd("-c", "-b", "FILE", "bob", "x"))
                .hasMessage("the password file " + file + " is there already: --force replaces it");
        assertThatThrownBy(() -> passwd("-D", "FILE", "bob")).hasMessage("there is no user 'bob' in " + file);
        assertThatThrownBy(() -> passwd("-b", "FILE", "bob", "")).hasMessageContaining("the password is empty");
        Path part = Files.createFile(temp.resolve("passwords.part"));
        assertThatThrownBy(() -> passwd("-b", "FILE", "bob", "x"))
                .hasMessageContaining("somebody is changing the file");
        Files.delete(part);
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        assertThat(temp).isDirectoryNotContaining(path -> !path.equals(file));
        passwd("-c", "--force", "-I", "1", "-b", "FILE", "bob", "x");
        assertThat(Files.readAllLines(file)).singleElement().asString().startsWith("bob:");
    }

    @Test
    void aFileThatComesWhileAPasswordIsTypedStays() throws Exception {
        String others = "bob:b\n";
        try (PasswordEdit edit = PasswordEdit.ofNew(file, false)) {
            edit.set("ann", "hash");
            Files.writeString(file, others); // as mosquitto_passwd does
            assertThatThrownBy(edit::finish).hasMessageContaining("is there already: --force replaces it");
        }
        assertThatThrownBy(() -> PasswordEdit.ofNew(file, false))
                .hasMessageContaining("is there already: --force replaces it");
        assertThat(file).hasContent(others);
        assertThat(temp).isDirectoryNotContaining(path -> !path.equals(file));
    }

    @Test
    void aLinkToNothingStays() throws Exception {
        Path nowhere = temp.resolve("nowhere");
        Path link = Files.createSymbolicLink(temp.resolve("link"), nowhere);
        for (String how : List.of("-cb", "-b")) {
            assertThatThrownBy(() -> passwd(how, link.toString(), "ann", "x"))
                    .hasMessage("the password file " + link + " is a link to a file that is not there");
        }
        assertThatThrownBy(() -> passwd("-c", "--force", "-b", link.toString(), "ann", "x"))
                .hasMessageContaining("is a link to a file that is not there");
        assertThat(link).isSymbolicLink();
        assertThat(nowhere).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\uFFFD", "s\uFFFDcret", "\uD800"})
    void refusesWhatTheLocaleHasLost(String text) {
        assertThatThrownBy(() -> passwd("-c", "-b", "FILE", "ann", text))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("set LC_ALL to a UTF-8 locale");
        assertThatThrownBy(() -> passwd("-c", "-b", "FILE", text, "secret"))
                .isInstanceOf(ParameterException.class)
                .hasMessageContaining("set LC_ALL to a UTF-8 locale");
        assertThat(file).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a:b", "a\nb", "a\0", "#a", " a", "a ", "\u007F"})
    void refusesANameThatAFileHasNoRoomFor(String name) {
        assertThatThrownBy(() -> passwd("-c", "-b", "FILE", name, "x")).isInstanceOf(ParameterException.class);
        assertThat(file).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "FILE",
                "FILE ann x",
                "-b FILE ann",
                "-U FILE ann",
                "-c -D FILE ann",
                "-c -U FILE",
                "-D -b FILE ann x",
                "-U --stdin FILE",
                "-b --stdin FILE ann x",
                "--force -b FILE ann x",
                "-H md5 -b FILE ann x",
                "-H sha512 -I 5 -b FILE ann x",
                "-I 0 -b FILE ann x",
                "-I x -b FILE ann x",
                "-x FILE ann",
            })
    void refusesWrongUsage(String args) {
        assertThatThrownBy(() -> passwd(args.split(" "))).isInstanceOf(ParameterException.class);
    }

    // ---- as users meet it

    @Test
    void takesThePasswordFromStandardInput() throws Exception {
        Ended made = fed("a s\u00E9cret\n", "passwd", "--stdin", "-c", file.toString(), "ann");
        assertThat(made).isEqualTo(new Ended(0, List.of("set the password of user 'ann' in " + file), List.of()));
        assertIsFor(Files.readString(file).strip(), "ann", "a s\u00E9cret");
        assertThat(Child.run(piped("passwd", "--stdin", file.toString(), "ann")))
                .isEqualTo(new Ended(0, List.of("set the password of user 'ann' in " + file), List.of()));
        assertIsFor(Files.readString(file).strip(), "ann", "piped");
        Ended windows = fed("other\r\n", "passwd", "--stdin", file.toString(), "ann");
        assertThat(windows.code()).isZero();
        assertIsFor(Files.readString(file).strip(), "ann", "other");
        assertThat(fed("a\nb\n", "passwd", "--stdin", file.toString(), "ann"))
                .isEqualTo(new Ended(1, List.of(), List.of("dunlin: standard input has more than one line")));
        assertIsFor(Files.readString(file).strip(), "ann", "other");
    }

    /** With a password through a pipe. */
    private static ProcessBuilder piped(String... args) {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "printf 'piped\\n' | \"$@\"", "sh"));
        command.addAll(Child.broker(args).command());
        return new ProcessBuilder(command);
    }

    private static Ended fed(String input, String... args) throws Exception {
        Path in = Files.createTempFile("password", "");
        try {
            Files.writeString(in, input);
            return Child.run(Child.broker(args).redirectInput(in.toFile()));
        } finally {
            Files.delete(in);
        }
    }

    @Test
    void refusesInOneLineAndSaysSoInItsExitCode() throws Exception {
        assertRefused(Child.broker("passwd", "-b", file.toString(), "ann", "x"), "is not there: -c makes it");
        Ended usage = Child.run(Child.broker("passwd", file.toString()));
        assertThat(usage).isEqualTo(new Ended(2, List.of(), List.of("dunlin: a USER is missing (see --help)")));
        Ended nobody = fed("", "passwd", "-c", file.toString(), "ann");
        assertThat(nobody.code()).isEqualTo(2);
        assertThat(nobody.err()).singleElement().asString().contains("standard input is no terminal");
        assertThat(file).doesNotExist();
        assertThat(Child.run(Child.broker("passwd", "--help")).out()).anyMatch(line -> line.contains("--upgrade"));
    }

    @Test
    @RequiresTool("script")
    void asksTwiceOnATerminalWithoutShowingIt() throws Exception {
        String command = String.join(
                " ", Child.broker("passwd", "-c", file.toString(), "ann").command());
        assertThat(typed(command, "s3cret", "s3cret"))
                .contains("Password: ", "Again: ")
                .doesNotContain("s3cret");
        assertIsFor(Files.readString(file).strip(), "ann", "s3cret");
        assertThat(typed(command + " --force", "s3cret", "secret")).contains("dunlin: the two passwords differ");
        assertIsFor(Files.readString(file).strip(), "ann", "s3cret");
    }

    @Test
    @RequiresTool("script")
    void refusesInALocaleWithoutUmlautsWhatHasSome() throws Exception {
        String passwd =
                "LC_ALL=C " + String.join(" ", Child.broker("passwd", "-c").command()) + " ";
        assertThat(typed(passwd + file + " ann", "pa\u00DFwort", "pa\u00DFwort"))
                .contains("the password has characters that didn't arrive", "set LC_ALL to a UTF-8 locale");
        assertThat(typed(passwd + "-b " + file + " $(printf 'j\\303\\266rg') secret"))
                .contains("the name of a user has characters that didn't arrive", "set LC_ALL to a UTF-8 locale");
        assertThat(file).doesNotExist();
    }

    /** What a terminal shows of a command, when a person answers its questions. */
    private String typed(String command, String... answers) throws Exception {
        Process process = new ProcessBuilder("script", "-qec", command, "/dev/null")
                .directory(temp.toFile())
                .redirectErrorStream(true)
                .start();
        StringBuilder shown = new StringBuilder();
        try (OutputStream keys = process.getOutputStream()) {
            for (String answer : answers) {
                String before = shown.toString();
                while (!shown.substring(before.length()).contains(": ")) {
                    int next = process.getInputStream().read();
                    assertThat(next).as("the end after '%s'", shown).isNotNegative();
                    shown.append((char) next);
                }
                keys.write(bytes(answer + "\n"));
                keys.flush();
            }
            shown.append(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        }
        process.waitFor();
        return shown.toString();
    }

    // ---- with Mosquitto

    @Test
    @RequiresTool({"mosquitto", "mosquitto_passwd", "mosquitto_pub", "stdbuf"})
    void mosquittoReadsAndChangesTheSameFile() throws Exception {
        passwd("-c", "-b", "FILE", "ann", "secret");
        passwd("-H", "sha512", "-b", "FILE", "bob", "b");
        assertThat(run("mosquitto_passwd", "-b", file.toString(), "carl", "c")).isZero();
        assertThat(run("mosquitto_passwd", "-D", file.toString(), "bob")).isZero();
        passwd("-b", "FILE", "dora", "d");
        assertThat(Files.readAllLines(file).stream().map(line -> line.substring(0, line.indexOf(':'))))
                .containsExactly("ann", "carl", "dora");
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path conf = Files.write(
                temp.resolve("conf"),
                List.of("listener " + port + " 127.0.0.1", "user root", "log_dest stdout", "password_file " + file));
        try (Child mosquitto = Child.start(new ProcessBuilder("stdbuf", "-oL", "mosquitto", "-c", conf.toString()))) {
            String log = "";
            while (!log.endsWith(" running")) {
                log = mosquitto.readLine();
                assertThat(log).as("a line before Mosquitto runs").isNotNull();
            }
            for (String right : List.of("ann secret", "carl c", "dora d")) {
                assertThat(publishes(port, right)).as(right).isTrue();
            }
            for (String wrong : List.of("ann c", "bob b")) {
                assertThat(publishes(port, wrong)).as(wrong).isFalse();
            }
        }
    }

    private static boolean publishes(int port, String userAndPassword) throws Exception {
        String[] words = userAndPassword.split(" ", 2);
        return run("mosquitto_pub", "-p", "" + port, "-u", words[0], "-P", words[1], "-t", "t", "-n") == 0;
    }

    private static int run(String... command) throws Exception {
        return Child.run(new ProcessBuilder(command)).code();
    }
}
