package dev.dunlin.broker.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A pipe beside a queue of bytes, and what its ends see of each other. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class MemoryPipeTest {
    private final AtomicInteger calls = new AtomicInteger();
    private final MemoryPipe pipe = new MemoryPipe(calls::incrementAndGet);

    private static byte[] bytes(int count, int first) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (first + i);
        }
        return bytes;
    }

    /** Both directions of one pipe, in one thread: writes of the channel, reads of the client and of the channel. */
    @Test
    void isAQueueOfBytes() throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        ArrayDeque<Byte> model = new ArrayDeque<>();
        for (int step = 0; step < 2_000; step++) {
            byte[] bytes = bytes(random.nextInt(1 << random.nextInt(17)), step);
            if (random.nextBoolean()) {
                ByteBuf from = Unpooled.wrappedBuffer(bytes);
                pipe.offer(from);
                int taken = from.readerIndex();
                assertThat(taken)
                        .as("seed %d", seed)
                        .isEqualTo(Math.min(bytes.length, MemoryPipe.BYTES_MAX - model.size()));
                for (int i = 0; i < taken; i++) {
                    model.add(bytes[i]);
                }
            } else if (!model.isEmpty() && bytes.length > 0) {
                int read = pipe.read(bytes, 0, bytes.length, 0);
                byte[] expected = new byte[Math.min(bytes.length, model.size())];
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = model.remove();
                }
                assertThat(Arrays.copyOf(bytes, read)).as("seed %d", seed).isEqualTo(expected);
            }
            assertThat(pipe.available()).isEqualTo(model.size());
        }
    }

    @Test
    void aWriterWaitsForRoomAndNothingIsLost() throws Exception {
        byte[] much = bytes(1_000_000, 7);
        CompletableFuture<Void> written = CompletableFuture.runAsync(() -> {
            try {
                pipe.write(much, 0, much.length);
                pipe.closeWriter();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        Awaitility.await().until(() -> pipe.available() == MemoryPipe.BYTES_MAX);
        assertThat(written).isNotDone();
        ByteBuf got = Unpooled.buffer(much.length);
        while (got.readableBytes() < much.length) {
            pipe.take(got);
        }
        written.get(10, TimeUnit.SECONDS);
        assertThat(got.array()).isEqualTo(much);
        assertThat(pipe.read(new byte[1], 0, 1, 0)).isEqualTo(-1);
    }

    @Test
    void aReaderWaitsAsLongAsItSays() {
        assertThatThrownBy(() -> pipe.read(new byte[1], 0, 1, 20)).isInstanceOf(SocketTimeoutException.class);
    }

    /** Once for each look in vain, and not while it hasn't looked. */
    @Test
    void theChannelIsCalledWhenItHasLookedInVain() throws IOException {
        pipe.write(new byte[3], 0, 3);
        assertThat(calls).hasValue(0);
        assertThat(pipe.awaitReadable()).isTrue();
        pipe.take(Unpooled.buffer(10));
        assertThat(pipe.awaitReadable()).isFalse();
        pipe.write(new byte[3], 0, 3);
        pipe.write(new byte[3], 0, 3);
        assertThat(calls).hasValue(1);

        pipe.offer(Unpooled.buffer().writeZero(MemoryPipe.BYTES_MAX));
        assertThat(pipe.awaitRoom()).isFalse();
        assertThat(pipe.read(new byte[10], 0, 10, 0)).isEqualTo(10);
        assertThat(calls).hasValue(2);
        assertThat(pipe.awaitRoom()).isTrue();
    }

    @Test
    void theEndIsSeenBehindWhatIsLeft() throws IOException {
        pipe.write(new byte[2], 0, 2);
        pipe.closeWriter();
        assertThat(pipe.awaitReadable()).isTrue();
        assertThat(pipe.read(new byte[9], 0, 9, 0)).isEqualTo(2);
        assertThat(pipe.awaitReadable()).isTrue();
        assertThat(pipe.read(new byte[9], 0, 9, 0)).isEqualTo(-1);
        assertThatThrownBy(() -> pipe.write(new byte[1], 0, 1)).isInstanceOf(SocketException.class);
    }

    @Test
    void aReaderThatHasEndedSeesTheEndWhateverComes() throws IOException {
        pipe.write(new byte[3], 0, 3);
        pipe.endReader();
        assertThat(pipe.read(new byte[1], 0, 1, 0)).isEqualTo(-1);
        ByteBuf left = Unpooled.buffer().writeZero(MemoryPipe.BYTES_MAX + 1);
        pipe.offer(left);
        assertThat(left.isReadable()).isFalse();
        assertThat(pipe.read(new byte[1], 0, 1, 0)).isEqualTo(-1);
    }

    @Test
    void aWriterSeesAtOnceThatNobodyReads() throws Exception {
        pipe.write(new byte[MemoryPipe.BYTES_MAX], 0, MemoryPipe.BYTES_MAX);
        assertThat(pipe.awaitRoom()).isFalse();
        CompletableFuture<Throwable> failure = CompletableFuture.supplyAsync(() -> {
            try {
                pipe.write(new byte[1], 0, 1);
                return null;
            } catch (IOException e) {
                return e;
            }
        });
        pipe.closeReader();
        assertThat(failure.get(10, TimeUnit.SECONDS)).isInstanceOf(SocketException.class);
        assertThat(calls).as("told that there is nobody").hasValue(1);
        assertThat(pipe.awaitRoom()).isTrue();
        ByteBuf left = Unpooled.buffer().writeZero(1);
        pipe.offer(left); // as a network takes it
        assertThat(left.isReadable()).isFalse();
        assertThatThrownBy(() -> pipe.read(new byte[1], 0, 1, 0)).isInstanceOf(SocketException.class);
    }
}
