package dev.dunlin.broker.simulation.mutants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.net.PlainTraffic;
import dev.dunlin.broker.store.EntryId;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Planted bugs are really planted: each applies, compiles, is loaded and still makes a broker. */
final class MutantLoaderTest {
    private static final String ENTRY_ID = "store/EntryId.java";
    private static final int MESSAGES = 15;
    private static final MutantCompiler COMPILER = new MutantCompiler();

    @AfterAll
    static void close() {
        COMPILER.close();
    }

    static List<Mutant> mutants() {
        return Mutants.all();
    }

    @Test
    void namesAreUnique() {
        assertThat(mutants()).extracting(Mutant::name).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("mutants")
    void everyMutantIsLoadedAndServesPlainTraffic(Mutant mutant) throws Exception {
        Map<String, byte[]> code = COMPILER.compile(mutant);
        ClassLoader loader = loader(code);
        assertThat(code.keySet())
                .containsAll(mutant.patches().stream().map(Patch::className).toList());
        for (String name : code.keySet()) {
            assertThat(Class.forName(name, true, loader).getClassLoader()).isSameAs(loader);
        }
        assertThat(loader.loadClass(PlainTraffic.class.getName())
                        .getMethod("arrived", int.class)
                        .invoke(null, MESSAGES))
                .as("messages that still arrive: a broken broker is found by anything, and proves nothing")
                .isEqualTo(MESSAGES);
    }

    @Test
    void thePatchedClassRuns() throws Exception {
        Mutant mutant =
                Mutant.of("another-number", "", Patch.of(ENTRY_ID, "return entry >>> 2;", "return entry >>> 2 | 1;"));
        Class<?> patched = Class.forName(EntryId.class.getName(), true, loader(COMPILER.compile(mutant)));

        assertThat(patched.getMethod("sequence", long.class).invoke(null, 8L)).isEqualTo(3L);
        assertThat(EntryId.sequence(8)).isEqualTo(2);
    }

    @Test
    void allOfOursIsLoadedAnewAndNothingElse() throws Exception {
        ClassLoader loader = loader(Map.of());

        assertThat(loader.loadClass(EntryId.class.getName())).isNotSameAs(EntryId.class);
        assertThat(loader.loadClass(EntryId.class.getName()).desiredAssertionStatus())
                .isTrue();
        assertThat(loader.loadClass(org.slf4j.Logger.class.getName())).isSameAs(org.slf4j.Logger.class);
        assertThatThrownBy(() -> loader.loadClass("dev.dunlin.broker.Nobody"))
                .isInstanceOf(ClassNotFoundException.class);
    }

    @Test
    void linesAndIndentationDoNotCount() {
        Patch patch = Patch.of("A.java", "if (a) {\n  b();\n}", "c();");

        assertThat(patch.apply("{\n    if (a)\n        { b(); }\n}", "any")).isEqualTo("{\n    c();\n}");
    }

    @Test
    void aPatchWhoseOldTextIsMissingIsRefused() {
        assertThatThrownBy(() -> COMPILER.compile(Mutant.of("void", "", Patch.of(ENTRY_ID, "not there", "any"))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("mutant void: its old text is not in store/EntryId.java: not there");
    }

    @Test
    void aPatchWhoseOldTextIsThereTwiceIsRefused() {
        assertThatThrownBy(() -> COMPILER.compile(Mutant.of("vague", "", Patch.of(ENTRY_ID, "return", "any"))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("mutant vague: its old text is in store/EntryId.java more than once: return");
    }

    @Test
    void whatIsNoJavaIsRefused() {
        Patch broken = Patch.of(ENTRY_ID, "return entry >>> 2;", "return;");
        assertThatThrownBy(() -> COMPILER.compile(Mutant.of("broken", "", broken)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("mutant broken doesn't compile:")
                .hasMessageContaining("EntryId.java");
    }

    private static ClassLoader loader(Map<String, byte[]> patched) {
        return new MutantLoader("mutant", MutantLoaderTest.class.getClassLoader(), patched);
    }
}
