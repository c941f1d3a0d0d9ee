package dev.dunlin.server.admin;

import dev.dunlin.broker.Administration;
import dev.dunlin.broker.Trace;
import dev.dunlin.broker.spi.TraceOptions;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Answers that go on: a sample each second, and traces. Each has the thread of its request, so there are not many of them. */
final class Streams {
    /** At a time. */
    static final int STREAMS_MAX = 16;

    /** The longest; who wants to go on asks again. */
    static final int SECONDS_MAX = 600;

    /** How often a trace without lines has an empty one, by which it is seen that nobody listens any more. */
    private static final int EMPTY_LINE_SECONDS = 5;

    private static final int WAITING_LINES = 4_096;
    private static final int LINES = 100_000;
    private static final int LINES_MAX = 1_000_000;
    private static final int PAYLOAD_CHARS = 64;
    private static final int PAYLOAD_CHARS_MAX = 1_024;
    static final Set<String> OF_A_TRACE = Set.of("clientId", "filter", "seconds", "lines", "payloadChars");

    private final Administration admin;
    private final Sampler sampler;
    private final AdminHttp.Stopping stopping;
    private final Semaphore places = new Semaphore(STREAMS_MAX);

    Streams(Administration admin, Sampler sampler, AdminHttp.Stopping stopping) {
        this.admin = admin;
        this.sampler = sampler;
        this.stopping = stopping;
    }

    /** Each second what {@code /metrics} and the overview say in that second. */
    Answer samples(Request request) throws Problem {
        takePlace();
        return Answer.stream("text/event-stream", new Samples());
    }

    private void takePlace() throws Problem {
        if (!places.tryAcquire()) {
            throw Problem.busy("there are " + STREAMS_MAX + " streams and traces already");
        }
    }

    private final class Samples implements Answer.Body {
        @Override
        public void writeTo(OutputStream out) throws IOException, InterruptedException {
            try {
                Sample sample = sampler.last();
                for (int i = 0; i < SECONDS_MAX && sample != null; i++) {
                    long seen = sampler.looks();
                    String event = "event: sample\ndata: " + Json.of(sample.view()) + "\n\n";
                    out.write(event.getBytes(StandardCharsets.UTF_8));
                    out.flush();
                    sample = sampler.awaitAfter(seen);
                }
            } finally {
                places.release();
            }
        }

        @Override
        public void lost() {
            places.release();
        }
    }

    // ---- traces

    /** The lines of a trace, and empty ones. */
    Answer trace(Request request) throws Problem, IOException, InterruptedException {
        Members said = request.members(OF_A_TRACE);
        takePlace();
        Lines lines = new Lines();
        boolean begun = false;
        CompletionStage<Trace> beginning = null;
        try {
            beginning = admin.trace(options(said), lines::take);
            Trace trace = Request.await(beginning);
            begun = true;
            return Answer.stream("text/plain; charset=utf-8", new Traced(trace, lines));
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest(String.valueOf(e.getMessage()));
        } finally {
            if (!begun) {
                lines.to(OutputStream.nullOutputStream()); // one that begins too late has somewhere to go
                if (beginning != null) {
                    beginning.thenAccept(Trace::close);
                }
                places.release();
            }
        }
    }

    private static TraceOptions options(Members said) throws Problem {
        return new TraceOptions(
                said.text("clientId", ""),
                said.text("filter", ""),
                (int) said.number("payloadChars", PAYLOAD_CHARS, 0, PAYLOAD_CHARS_MAX),
                said.number("lines", LINES, 1, LINES_MAX),
                Duration.ofSeconds(said.number("seconds", SECONDS_MAX, 1, SECONDS_MAX)),
                WAITING_LINES);
    }

    private final class Traced implements Answer.Body {
        private final Trace trace;
        private final Lines lines;

        Traced(Trace trace, Lines lines) {
            this.trace = trace;
            this.lines = lines;
        }

        @Override
        public void writeTo(OutputStream out) throws InterruptedException {
            lines.to(out);
            CompletableFuture<?> end = CompletableFuture.anyOf(trace.closed().toCompletableFuture(), lines.readerGone);
            try (trace) {
                while (!stopping.hasBegun() && !isOver(end)) {
                    lines.write("");
                }
            } finally {
                places.release();
            }
        }

        /** Within some seconds. */
        private boolean isOver(CompletableFuture<?> end) throws InterruptedException {
            try {
                end.get(EMPTY_LINE_SECONDS, TimeUnit.SECONDS);
                return true;
            } catch (TimeoutException e) {
                return false;
            } catch (ExecutionException e) {
                throw new IllegalStateException("a trace has failed", e.getCause());
            }
        }

        @Override
        public void lost() {
            trace.close();
            lines.to(OutputStream.nullOutputStream());
            places.release();
        }
    }

    /** Where lines go: nowhere, until the headers of the answer are out, or when nobody reads them any more. */
    private static final class Lines {
        private final CompletableFuture<Void> readerGone = new CompletableFuture<>();
        private @Nullable OutputStream out;

        /** On a thread for handlers, one call at a time; waits for the headers, and for who reads. */
        synchronized void take(String line) {
            try {
                while (out == null) {
                    wait();
                }
                write(line);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted", e); // ends the trace
            }
        }

        synchronized void to(OutputStream stream) {
            out = stream;
            notifyAll();
        }

        synchronized void write(String line) {
            if (out == null || readerGone.isDone()) {
                return;
            }
            try {
                out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
                out.flush();
            } catch (IOException e) {
                readerGone.complete(null); // that is how a trace is mostly ended
            }
        }
    }
}
