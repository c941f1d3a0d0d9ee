package dev.dunlin.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;

/** When a file is read again: look by look, without a clock. */
final class LiveFileTest {
    @TempDir
    Path folder;

    private Path path;

    /** What was read, first lines only; those that begin with "bad" were refused. */
    private final List<String> read = new ArrayList<>();

    /** What was logged as an error. */
    private final List<String> errors = new ArrayList<>();

    /** Why the file is refused whatever is in it. */
    private @Nullable String unusable;

    @BeforeEach
    void name() throws Exception {
        path = Files.writeString(folder.resolve("file"), "1");
    }

    private LiveFile opened() throws AuthFileException {
        LiveFile file = new LiveFile(path, log(), (from, lines) -> {
            if (unusable != null) {
                throw new AuthFileException(from, 0, unusable);
            }
            read.add(lines.get(0));
            if (lines.get(0).startsWith("bad")) {
                throw new AuthFileException(from, 1, "is bad");
            }
            return "a line";
        });
        read.clear();
        return file;
    }

    private Logger log() {
        return (Logger) Proxy.newProxyInstance(
                LiveFileTest.class.getClassLoader(), new Class<?>[] {Logger.class}, (proxy, method, args) -> {
                    if (method.getName().equals("error")) {
                        errors.add(List.of(args[1]).toString());
                    }
                    return null;
                });
    }

    private static void look(LiveFile file, int times) {
        for (int i = 0; i < times; i++) {
            file.look();
        }
    }

    @Test
    void aFileThatStaysIsNotReadAgain() throws Exception {
        try (LiveFile file = opened()) {
            look(file, 5);
            assertThat(read).isEmpty();
        }
    }

    @Test
    void anotherFileTakesItsPlaceIfItCanBeUsed() throws Exception {
        Path other = Files.writeString(folder.resolve("other"), "bad");
        try (LiveFile file = opened()) {
            assertThatThrownBy(() -> file.reload(other)).isInstanceOf(AuthFileException.class);
            assertThat(file.path()).isEqualTo(path);
            Files.writeString(other, "2");
            look(file, 3);
            assertThat(read).containsExactly("bad");
            file.reload(other);
            assertThat(file.path()).isEqualTo(other);
            Files.writeString(path, "no more");
            Files.writeString(other, "the third");
            look(file, 3);
            assertThat(read).containsExactly("bad", "2", "the third");
        }
    }

    @Test
    void aChangeIsReadOnceAtTheSecondLook() throws Exception {
        try (LiveFile file = opened()) {
            Files.writeString(path, "two");
            look(file, 1);
            assertThat(read).isEmpty();
            look(file, 5);
            assertThat(read).containsExactly("two");
        }
    }

    @Test
    void aFileThatIsBeingWrittenIsLeftAlone() throws Exception {
        try (LiveFile file = opened()) {
            for (String part : List.of("tw", "two", "two and", "two and more")) {
                Files.writeString(path, part);
                look(file, 1);
            }
            assertThat(read).isEmpty();
            look(file, 1);
            assertThat(read).containsExactly("two and more");
        }
    }

    @Test
    void aChangeOfTheSameLengthIsSeen() throws Exception {
        try (LiveFile file = opened()) {
            Files.writeString(path, "2");
            Files.setLastModifiedTime(path, FileTime.fromMillis(1_000_000));
            look(file, 2);
            FileTime same = Files.getLastModifiedTime(path);
            Path other = Files.writeString(folder.resolve("other"), "3");
            Files.setLastModifiedTime(other, same);
            Files.move(other, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            look(file, 2);
            assertThat(read).containsExactly("2", "3");
        }
    }

    @Test
    void aFileThatCantBeUsedIsTriedAtEachLookAndLoggedOnce() throws Exception {
        try (LiveFile file = opened()) {
            Files.writeString(path, "bad");
            look(file, 4);
            assertThat(read).containsExactly("bad", "bad", "bad");
            Files.writeString(path, "bad too");
            look(file, 4);
            assertThat(errors).as("for the same reason").hasSize(1);
            Files.writeString(path, "good");
            look(file, 5);
            assertThat(read).hasSize(7).endsWith("bad too", "good");
            Files.writeString(path, "bad again");
            look(file, 5);
            assertThat(errors).hasSize(2);
        }
    }

    /** As with permissions: what keeps it from being read isn't seen in its size, time or inode. */
    @Test
    void aFileThatWasUnusableIsReadWhenThatIsOverThoughItLooksTheSame() throws Exception {
        try (LiveFile file = opened()) {
            Files.writeString(path, "two");
            unusable = "is locked";
            look(file, 3);
            unusable = "is still locked";
            look(file, 3);
            assertThat(errors).hasSize(2);
            unusable = null;
            look(file, 5);
            assertThat(read).containsExactly("two");
        }
    }

    @Test
    void aMomentWithoutTheFileIsNothing() throws Exception {
        try (LiveFile file = opened()) {
            Path away = folder.resolve("away");
            Files.move(path, away);
            look(file, 5);
            Files.move(away, path);
            look(file, 5);
            assertThat(read).isEmpty();
            Files.delete(path);
            look(file, 1);
            Files.writeString(path, "another");
            look(file, 2);
            assertThat(read).containsExactly("another");
        }
    }

    @Test
    void whatWasReadOnDemandIsNoChange() throws Exception {
        try (LiveFile file = opened()) {
            Files.writeString(path, "two");
            file.reload();
            look(file, 5);
            assertThat(read).containsExactly("two");
            Files.writeString(path, "bad");
            assertThatThrownBy(file::reload).isInstanceOf(AuthFileException.class);
            look(file, 5);
            assertThat(errors).as("said already").hasSize(1);
            file.close();
            read.clear();
            Files.writeString(path, "after");
            look(file, 5);
            assertThat(read).isEmpty();
        }
    }
}
