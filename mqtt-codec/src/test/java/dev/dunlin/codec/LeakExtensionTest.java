package dev.dunlin.codec;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/** Leaks on purpose. */
class LeakExtensionTest {
    @Test
    void catchesAPlantedLeak() {
        Logger log = Logger.getLogger(ResourceLeakDetector.class.getName());
        log.setFilter(leak -> false); // it is no news
        try {
            plantLeak(PooledByteBufAllocator.DEFAULT, "planted in the pool");
            plantLeak(UnpooledByteBufAllocator.DEFAULT, "planted outside");
            assertThatThrownBy(() -> LeakExtension.failOnLeaks("This class"))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("This class leaks buffers")
                    .hasMessageContaining("planted in the pool")
                    .hasMessageContaining("planted outside");
        } finally {
            log.setFilter(null);
        }
        assertThatCode(() -> LeakExtension.failOnLeaks("This class")).doesNotThrowAnyException();
    }

    private static void plantLeak(ByteBufAllocator alloc, String hint) {
        ByteBuf forgotten = alloc.directBuffer(64);
        forgotten.touch(hint);
    }
}
