package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When files count as changed. */
final class FileStampsTest {
    @TempDir
    private Path folder;

    @Test
    void tellsAChangeOnceItRests() throws Exception {
        Path file = folder.resolve("a");
        FileStamps stamps = new FileStamps(List.of(file));
        assertThat(stamps.haveChanged()).isFalse();
        Files.writeString(file, "1");
        assertThat(stamps.haveChanged()).isFalse();
        Files.writeString(file, "22");
        assertThat(stamps.haveChanged()).isFalse();
        assertThat(stamps.haveChanged()).isTrue();
        assertThat(stamps.haveChanged()).isFalse();
        Files.delete(file);
        assertThat(stamps.haveChanged()).isFalse();
        assertThat(stamps.haveChanged()).isTrue();
        assertThat(stamps.haveChanged()).isFalse();
    }

    @Test
    void followsOtherFiles() throws Exception {
        Path old = Files.writeString(folder.resolve("a"), "1");
        Path kept = Files.writeString(folder.resolve("b"), "1");
        Path other = Files.writeString(folder.resolve("c"), "1");
        FileStamps stamps = new FileStamps(List.of(old, kept));
        Files.writeString(kept, "22");
        assertThat(stamps.haveChanged()).isFalse();
        stamps.follow(List.of(kept, other));
        Files.writeString(old, "333");
        assertThat(stamps.haveChanged()).as("what has changed before").isTrue();
        assertThat(stamps.haveChanged()).isFalse();
        assertThat(stamps.haveChanged()).isFalse();
        Files.writeString(other, "22");
        assertThat(stamps.haveChanged()).isFalse();
        assertThat(stamps.haveChanged()).isTrue();
    }

    @Test
    void aFileThatNeverRestsHidesNoChangeOfAnother() throws Exception {
        Path restless = Files.writeString(folder.resolve("a"), "");
        Path other = Files.writeString(folder.resolve("b"), "");
        FileStamps stamps = new FileStamps(List.of(folder));
        Files.writeString(other, "changed");
        for (boolean changed : new boolean[] {false, true, false}) {
            Files.writeString(restless, "x", StandardOpenOption.APPEND);
            assertThat(stamps.haveChanged()).isEqualTo(changed);
        }
        assertThat(stamps.haveChanged()).isTrue();
        assertThat(stamps.haveChanged()).isFalse();
    }
}
