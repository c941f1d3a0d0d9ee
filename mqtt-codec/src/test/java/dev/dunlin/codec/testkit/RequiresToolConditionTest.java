package dev.dunlin.codec.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RequiresToolConditionTest {
    @TempDir
    private Path bin;

    @Test
    void runsTheTestWhenTheToolIsOnThePath() throws Exception {
        assertThat(Files.createFile(bin.resolve("present")).toFile().setExecutable(true))
                .isTrue();

        assertThat(condition("true").evaluate("present").isDisabled()).isFalse();
    }

    @Test
    void skipsTheTestAndNamesTheToolThatIsMissing() throws Exception {
        Files.createFile(bin.resolve("notexecutable"));

        var result = condition("").evaluate("notexecutable", "absent");

        assertThat(result.isDisabled()).isTrue();
        assertThat(result.getReason()).hasValue("not on the PATH: notexecutable, absent");
    }

    @Test
    void failsTheTestInsteadWhereNothingMayBeSkipped() {
        assertThatThrownBy(() -> condition("true").evaluate("absent"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("absent");
    }

    private RequiresToolCondition condition(String ci) {
        return new RequiresToolCondition(Map.of("PATH", bin.toString(), "CI", ci));
    }
}
