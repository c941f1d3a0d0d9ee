package dev.dunlin.server;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;

/** Whether a person sits at the other end of a standard stream: bytes are not for people. */
final class Terminal {
    private Terminal() {}

    static boolean isInput() throws InterruptedException {
        return is(0);
    }

    static boolean isOutput() throws InterruptedException {
        return is(1);
    }

    /** Java says so only of both streams at once, and since 22 not even that; the shell is asked, with these streams as its own. */
    private static boolean is(int stream) throws InterruptedException {
        try {
            return new ProcessBuilder("sh", "-c", "test -t " + stream)
                            .redirectInput(Redirect.INHERIT)
                            .redirectOutput(Redirect.INHERIT)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException noShell) {
            return false;
        }
    }
}
