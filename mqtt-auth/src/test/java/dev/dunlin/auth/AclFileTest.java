package dev.dunlin.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.spi.Permissions;
import dev.dunlin.codec.QoS;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An access file: its faults, and its changes while it is in use. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class AclFileTest {
    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("acl");
    }

    private void write(String rules) throws Exception {
        Files.writeString(file, rules);
    }

    private static String access(Permissions permissions) {
        return Asked.access(permissions, "a") + " " + Asked.access(permissions, "b");
    }

    // ---- faults

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "user             | names no user",
                "topic            | names no topic",
                "topic red a      | has 'red' in the place of read, write, readwrite, subscribe or deny",
                "topic read a/#/b | has a topic 'a/#/b' that has a # that isn't its end",
                "topic read a+    | has a topic 'a+' that has a wildcard that isn't a whole level",
                "pattern %c#      | has a topic '%c#' that has a wildcard that isn't a whole level",
                "acl a            | begins with 'acl', which is none of user, topic, pattern and #",
            })
    void saysWhatIsWrongAndWhere(String line, String what) throws Exception {
        write("# one\n\ntopic a\n" + line + "\nuser ann\n");
        assertThatThrownBy(() -> AclFile.at(file))
                .isInstanceOfSatisfying(AuthFileException.class, e -> {
                    assertThat(e.line()).isEqualTo(4);
                    assertThat(e.file()).isEqualTo(file);
                })
                .hasMessage("line 4 of " + file + " " + what);
    }

    @Test
    void saysThatAFileIsNoText() throws Exception {
        Files.write(file, "topic a\ntopic \u00FC\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> AclFile.at(file)).hasMessage("line 2 of " + file + " is not text in UTF-8");
        assertThatThrownBy(() -> AclFile.at(folder.resolve("none")))
                .hasMessage(folder.resolve("none") + " is not there");
        assertThatThrownBy(() -> AclFile.at(folder)).hasMessage(folder + " can't be read: it is a folder");
    }

    @Test
    void readsWhatWindowsWrites() throws Exception {
        write("\uFEFFuser J\u00F6rg\r\ntopic a\r\n");
        try (AclFile acl = AclFile.at(file)) {
            assertThat(access(Asked.of(acl, "J\u00F6rg", "c"))).isEqualTo("rw ");
        }
    }

    @Test
    void subscriptionsAreAnExtension() throws Exception {
        write("user ann\ntopic subscribe a/#\npattern subscribe own/%c\n");
        try (AclFile acl = AclFile.at(file)) {
            Permissions ann = Asked.of(acl, "ann", "c");
            assertThat(List.of("a/+", "own/c")).allMatch(ann::maySubscribe);
            assertThat(List.of("#", "own/+")).noneMatch(ann::maySubscribe);
        }
    }

    // ---- changes

    @Test
    void whatIsReadAgainHoldsForThoseWhoAreConnected() throws Exception {
        write("user ann\ntopic a\ntopic subscribe a");
        try (AclFile acl = AclFile.at(file)) {
            Permissions ann = Asked.of(acl, "ann", "c");
            assertThat(access(ann)).isEqualTo("rw ");
            write("user ann\ntopic read b\n");
            assertThat(access(ann)).isEqualTo("rw ");
            acl.reload();
            assertThat(access(ann)).isEqualTo(" r");
            assertThat(ann.maySubscribe("b")).isTrue();
        }
    }

    @Test
    void whatCantBeReadChangesNothing() throws Exception {
        write("user ann\ntopic a\n");
        try (AclFile acl = AclFile.at(file)) {
            Permissions ann = Asked.of(acl, "ann", "c");
            write("user ann\ntopic b\ntopic\n");
            assertThatThrownBy(acl::reload).hasMessageContaining("line 3 of ");
            assertThat(access(ann)).isEqualTo("rw ");
            Files.delete(file);
            assertThatThrownBy(acl::reload).hasMessageContaining("is not there");
            assertThat(access(ann)).isEqualTo("rw ");
        }
    }

    /** Each set of rules grants the same to both topics: a mixture would be seen. */
    @Test
    void rulesAreSwappedAsAWhole() throws Exception {
        write("topic a\ntopic b\n");
        try (AclFile acl = AclFile.at(file)) {
            Permissions shared = Asked.of(acl, "", "c");
            AtomicBoolean over = new AtomicBoolean();
            List<CompletableFuture<Long>> askers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                askers.add(CompletableFuture.supplyAsync(() -> askUntil(over, shared)));
            }
            for (int i = 0; i < 500; i++) {
                write(i % 2 == 0 ? "topic read a\ntopic read b\n" : "topic write a\ntopic write b\n");
                acl.reload();
                String now = i % 2 == 0 ? "r r" : "w w";
                assertThat(access(shared)).isEqualTo(now);
                assertThat(access(Asked.of(acl, "", "d"))).isEqualTo(now);
            }
            over.set(true);
            for (CompletableFuture<Long> asker : askers) {
                assertThat(asker.join()).isPositive();
            }
        }
    }

    /** A topic is never without any access: no reload has rules without it. */
    private static long askUntil(AtomicBoolean over, Permissions shared) {
        long asked = 0;
        do {
            for (String topic : List.of("a", "b")) {
                boolean either = shared.mayReceive(topic)
                        || shared.mayPublish(topic, QoS.AT_MOST_ONCE, false)
                        || shared.mayReceive(topic);
                // Asked three times, as the rules may change in between, which is less often than that.
                assertThat(either || !Asked.access(shared, topic).isEmpty()).isTrue();
                asked++;
            }
        } while (!over.get());
        return asked;
    }

    @Test
    void aWatchedFileIsReadAgainWhenItHasChanged() throws Exception {
        write("topic a\n");
        try (AclFile acl = AclFile.at(file).watch(Duration.ofMillis(2))) {
            Permissions nobody = Asked.of(acl, "", "c");
            write("topic read b\n");
            await().until(() -> access(nobody).equals(" r"));

            write("topic nonsense b\n"); // changes nothing
            Path other = Files.writeString(folder.resolve("new"), "topic write b\n");
            Files.move(other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            await().until(() -> access(nobody).equals(" w"));

            Files.delete(file); // a moment without the file
            write("topic a\n");
            await().until(() -> access(nobody).equals("rw "));
        }
    }

    @Test
    void aWatchedFileThatIsGoneOrWrongLeavesTheRules() throws Exception {
        write("topic a\n");
        try (AclFile acl = AclFile.at(file).watch(Duration.ofMillis(2))) {
            Permissions nobody = Asked.of(acl, "", "c");
            Path marker = Files.writeString(folder.resolve("marker"), "topic a\n");
            Files.delete(file);
            try (AclFile later = AclFile.at(marker).watch(Duration.ofMillis(2))) { // has looked often enough meanwhile
                Permissions seen = Asked.of(later, "", "c");
                Files.writeString(marker, "topic b\n");
                await().until(() -> access(seen).equals(" rw"));
                assertThat(access(nobody)).isEqualTo("rw ");
                write("topic wrong b\n");
                Files.writeString(marker, "topic read b\n");
                await().until(() -> access(seen).equals(" r"));
                assertThat(access(nobody)).isEqualTo("rw ");
            }
            write("topic b\n");
            await().until(() -> access(nobody).equals(" rw"));
        }
    }

    @Test
    void aClosedFileIsNotWatched() throws Exception {
        write("topic a\n");
        AclFile acl = AclFile.at(file).watch(Duration.ofMillis(2));
        acl.close();
        await().until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.isAlive() && thread.getName().equals("dunlin-watch-acl")));
        assertThatThrownBy(() -> acl.watch(Duration.ofMillis(2))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> AclFile.at(file).watch(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
    }
}
