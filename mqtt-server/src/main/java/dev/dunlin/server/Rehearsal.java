package dev.dunlin.server;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Starts the broker as {@link Main} does, in memory, administered, and on a store, lets a client connect to each, and ends: the run in which
 * the JVM notes which classes a start needs. The script {@code dunlin} calls it, with an empty folder for the store, and a file to be made at the end.
 */
final class Rehearsal {
    private static final long SECONDS_MAX = 60;
    private static final Pattern PORT = Pattern.compile("listening on tcp://\\S+:(\\d+)");

    /** A 3.1.1 client with the id "r" and a clean session [3.1.1 section 3.1]. */
    private static final byte[] CONNECT = {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 1, 'r'};

    /** Accepted, without a session [3.1.1 section 3.2]. */
    private static final byte[] CONNACK = {0x20, 2, 0, 0};

    private Rehearsal() {}

    /** What a broker prints, until it says where it listens. */
    private static final class Output extends ByteArrayOutputStream {
        private final CountDownLatch listening = new CountDownLatch(1);

        @Override
        public synchronized void flush() {
            if (PORT.matcher(toString(StandardCharsets.UTF_8)).find()) {
                listening.countDown();
            }
        }

        int port() throws InterruptedException {
            Matcher line = PORT.matcher("");
            if (listening.await(SECONDS_MAX, TimeUnit.SECONDS)) {
                line.reset(toString(StandardCharsets.UTF_8));
            }
            if (!line.find()) {
                throw new IllegalStateException("the broker did not start within " + SECONDS_MAX + " s");
            }
            return Integer.parseInt(line.group(1));
        }
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        connect("--store", Engines.MEMORY, AdminOptions.PORT, "0");
        connect("--store", Engines.DEFAULT, "--data", args[0]);
        Files.createFile(Path.of(args[1])); // all of it went well: how the process ends doesn't tell
        // Nothing but daemons is left: the process ends, and its hooks stop both brokers.
    }

    private static void connect(String... store) throws IOException, InterruptedException {
        Output output = new Output();
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        String[] args = new String[store.length + 2];
        System.arraycopy(store, 0, args, 0, store.length);
        args[store.length] = "--port";
        args[store.length + 1] = "0";
        Thread broker = new Thread(() -> run(args), "rehearsal");
        broker.setDaemon(true);
        broker.start();
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), output.port())) {
            client.setSoTimeout((int) TimeUnit.SECONDS.toMillis(SECONDS_MAX));
            client.getOutputStream().write(CONNECT);
            byte[] answer = client.getInputStream().readNBytes(CONNACK.length);
            if (!Arrays.equals(answer, CONNACK)) {
                throw new IllegalStateException(
                        "no CONNACK, but " + HexFormat.of().formatHex(answer));
            }
        }
    }

    private static void run(String[] args) {
        try {
            Main.main(args);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the process ends
        }
    }
}
