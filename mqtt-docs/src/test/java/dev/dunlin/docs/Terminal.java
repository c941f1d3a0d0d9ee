package dev.dunlin.docs;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A shell in a scratch folder, in which the commands of a page are typed one after the other. What stands for the reader's machine:
 * {@code ./dunlin} is the server on the class path of the test, the ports of the page are free ones, and {@code /etc/dunlin} and
 * {@code /var/lib/dunlin} are folders in the scratch folder.
 *
 * <p>A command that starts the broker is the reader's second window: the next one comes when the broker says that it listens, and
 * the next broker when this one has ended (the reader presses Ctrl-C). Behind a subscriber in the background the next command
 * comes when it has its SUBACK.
 */
final class Terminal implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;
    private static final String END = "end of command ";
    private static final String READY = "subscribed-says-the-terminal-of-docs";
    private static final String END_OF_BROKER = "Ctrl-C";
    private static final String LISTENS = "dunlin listening on ";

    /** What a start without a word about ports or addresses ends with. */
    private static final String ADMINISTERED = "dunlin administered at ";

    private static final List<String> PORTS = List.of("1883", "8883", "8083", "8084", "9001", "1884", "18083");

    /** Those of the server's commands that come to an end by themselves. */
    private static final Pattern ENDS =
            Pattern.compile(".* (passwd|store|reload|--check-config|--print-config|--help|--version)\\b.*");

    /** Options of which each makes a start that isn't bare: see docs/admin-http.md. */
    private static final Pattern SAYS_WHERE = Pattern.compile(
            "--(bind|port|tls-port|ws-port|wss-port|ws-path|unix|proxy-from|config|mosquitto-conf|admin-port)\\b");

    /** What a shell that nobody sits at says of a job that was killed. */
    private static final Pattern KILLED = Pattern.compile("bash: line \\d+: +\\d+ Terminated .*");

    private static final Pattern STARTS = Pattern.compile("(\\w+=('[^']*'|\\S*) )*\\./dunlin\\b.*");

    private final Path folder;
    private final Map<String, String> here = new LinkedHashMap<>();
    private final Process shell;
    private final Writer in;
    private final BlockingQueue<String> out = new LinkedBlockingQueue<>();
    private final Path bin;
    private @Nullable Process server;

    Terminal(Path folder) throws IOException {
        this.folder = folder;
        for (String port : PORTS) {
            here.put("\\b" + port + "\\b", freePort());
        }
        here.put("/etc/dunlin\\b", folder.resolve("etc").toString());
        here.put("/etc/mosquitto\\b", folder.resolve("etc").toString());
        here.put("/var/lib/dunlin\\b", folder.resolve("var").toString());
        bin = stubs();
        shell = window("bash", "--norc").start();
        in = shell.outputWriter(UTF_8);
        read(shell);
    }

    private ProcessBuilder window(String... command) {
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
        Map<String, String> environment = builder.environment();
        environment.remove("DUNLIN_LOG");
        environment.put("PATH", bin + ":" + environment.get("PATH"));
        environment.put("LC_ALL", "C.UTF-8");
        environment.put("CLASS_PATH_OF_DOCS", Snippets.classPath());
        environment.put("PORT_OF_DOCS", here("1883"));
        return builder;
    }

    /** With the ports and folders of this machine instead of those of the page. */
    String here(String text) {
        String result = text;
        for (Map.Entry<String, String> one : here.entrySet()) {
            result = result.replaceAll(one.getKey(), one.getValue());
        }
        return result;
    }

    /** Types the commands of a block, and compares what is printed where the block shows it; says what is wrong, or nothing. */
    List<String> type(Block block) throws Exception {
        for (String command : block.before()) {
            run(here(command), new ArrayList<>());
        }
        List<String> wrong = new ArrayList<>();
        for (Command command : Command.of(here(block.text()))) {
            List<String> printed = new ArrayList<>();
            int code = run(command.line(), printed);
            boolean fails = command.expected().stream().anyMatch(line -> line.startsWith("dunlin: "));
            if ((code != 0) != fails) {
                wrong.add(block.place() + ": " + command.line() + " ended with " + code + ": " + printed);
            } else if (command.isShown()) {
                wrong.addAll(compare(block, command, printed));
            }
        }
        return wrong;
    }

    private List<String> compare(Block block, Command command, List<String> printed) throws InterruptedException {
        // What somebody in the background has to say may come after the end of the command.
        while (!Command.matches(command.expected(), printed)) {
            String line = out.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (line == null) {
                return List.of(block.place() + ": " + command.line() + "\nis to print\n" + command.expected()
                        + "\nbut printed\n" + printed);
            }
            printed.add(line);
        }
        return List.of();
    }

    /** Returns the exit code; 0 for what goes on. */
    private int run(String command, List<String> printed) throws Exception {
        if (command.equals(END_OF_BROKER)) {
            stop();
            return 0;
        }
        if (STARTS.matcher(command).matches() && !ENDS.matcher(command).matches()) {
            return serve(command.replaceFirst("\\s+#.*", "").replaceFirst("\\s*&$", ""), printed);
        }
        boolean subscribes = command.contains("mosquitto_sub") && command.endsWith("&");
        send("export READY_OF_DOCS=" + (subscribes ? READY : ""));
        send(command);
        int code = awaitEnd(printed);
        while (subscribes && !printed.remove(READY)) {
            printed.add(next());
        }
        return code;
    }

    private int serve(String command, List<String> printed) throws Exception {
        stop();
        boolean hasPort = Pattern.compile("--port\\b").matcher(command).find();
        boolean bare = !SAYS_WHERE.matcher(command).find();
        String ports = (hasPort ? "" : " --port " + here("1883"))
                + (bare ? " --ws-port " + here("8083") + " --admin-port " + here("18083") : "");
        String last = bare ? ADMINISTERED : LISTENS;
        ProcessBuilder builder = window("bash", "-c", command.replaceFirst("\\./dunlin", "exec ./dunlin") + ports);
        server = builder.start();
        read(server);
        while (printed.stream().noneMatch(line -> line.startsWith(last))) {
            String line = out.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (line == null || line.startsWith("dunlin: ")) {
                printed.add(String.valueOf(line));
                return 1;
            }
            printed.add(line);
        }
        return 0;
    }

    /** As Ctrl-C. */
    private void stop() {
        if (server != null) {
            server.toHandle().destroy();
            server.onExit().join();
            server = null;
        }
    }

    private void send(String line) throws IOException {
        in.write(line + "\n");
        in.flush();
    }

    private int awaitEnd(List<String> printed) throws Exception {
        send("echo '" + END + "'$?");
        while (true) {
            String line = next();
            if (line.startsWith(END)) {
                return Integer.parseInt(line.substring(END.length()));
            }
            printed.add(line);
        }
    }

    private String next() throws InterruptedException {
        String line = out.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (line == null) {
            throw new AssertionError("nothing for " + PATIENCE_SECONDS + " s");
        }
        return line;
    }

    private void read(Process process) {
        Thread reader = new Thread(
                () -> {
                    try (BufferedReader lines = process.inputReader(UTF_8)) {
                        String line = lines.readLine();
                        while (line != null) {
                            if (!KILLED.matcher(line).matches()) {
                                out.add(line);
                            }
                            line = lines.readLine();
                        }
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                "docs-terminal");
        reader.setDaemon(true);
        reader.start();
    }

    private Path stubs() throws IOException {
        Path bin = Files.createDirectories(folder.resolve(".bin"));
        script(folder.resolve("dunlin"), """
                exec "%s" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC $DUNLIN_JAVA_OPTS -cp "$CLASS_PATH_OF_DOCS" dev.dunlin.server.Main "$@"
                """.formatted(Path.of(System.getProperty("java.home"), "bin", "java")));
        String withPort = """
                real=$(PATH=${PATH#*:} command -v %s)
                case " $* " in *" -p "* | *" --unix "* | *" -L "*) ;; *) set -- -p "$PORT_OF_DOCS" "$@" ;; esac
                """;
        script(bin.resolve("mosquitto_pub"), withPort.formatted("mosquitto_pub") + "exec \"$real\" \"$@\"\n");
        script(bin.resolve("mosquitto_sub"), withPort.formatted("mosquitto_sub") + """
                [ -n "$READY_OF_DOCS" ] || exec "$real" "$@"
                exec > >(while IFS= read -r line; do
                    case $line in
                        *"received SUBACK"*) echo "$READY_OF_DOCS" ;;
                        "Client "* | "Subscribed (mid"*) ;;
                        *) printf '%s\\n' "$line" ;;
                    esac
                done)
                # It ends at once: what mosquitto_sub -d says when it is ended may print the last line once more.
                trap 'exec 2>/dev/null; kill -KILL %1; exit' TERM
                stdbuf -oL "$real" -d "$@" &
                wait %1
                """);
        return bin;
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, "#!/usr/bin/env bash\n" + text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }

    private static String freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return Integer.toString(socket.getLocalPort());
        }
    }

    @Override
    public void close() {
        stop();
        List<ProcessHandle> children = shell.descendants().toList();
        shell.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        children.forEach(child -> child.onExit().join());
        shell.onExit().join();
    }

    /**
     * A command and what the page says that it prints.
     *
     * @param isShown whether the page shows what is printed: in a session ("$ ") it does, also that it is nothing
     */
    record Command(String line, boolean isShown, List<String> expected) {
        private static final String PROMPT = "$ ";

        static List<Command> of(String text) {
            boolean session = text.startsWith(PROMPT);
            List<Command> commands = new ArrayList<>();
            StringBuilder open = new StringBuilder();
            for (String line : text.lines().toList()) {
                boolean goesOn = !open.isEmpty();
                if (goesOn || !session || line.startsWith(PROMPT)) {
                    open.append(session && !goesOn ? line.substring(PROMPT.length()) : line);
                    if (line.endsWith("\\")) {
                        open.setLength(open.length() - 1);
                    } else if (!open.toString().isBlank()) {
                        commands.add(new Command(open.toString(), session, new ArrayList<>()));
                        open.setLength(0);
                    }
                } else if (!line.isBlank()) {
                    commands.get(commands.size() - 1).expected.add(line);
                }
            }
            return commands;
        }

        /** Whether it is just that; ... stands for anything within a line, and as a line for any lines. */
        static boolean matches(List<String> expected, List<String> printed) {
            StringBuilder pattern = new StringBuilder();
            for (String line : expected) {
                pattern.append(
                        line.equals("...")
                                ? "(?:[^\\n]*\\n)*"
                                : Pattern.quote(line).replace("...", "\\E[^\\n]*\\Q") + "\\n");
            }
            return Pattern.matches(pattern.toString(), String.join("\n", printed) + (printed.isEmpty() ? "" : "\n"));
        }
    }
}
