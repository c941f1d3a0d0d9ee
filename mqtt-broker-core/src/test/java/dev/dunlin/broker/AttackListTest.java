package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.testkit.EachVersion;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The list of attacks in the documentation names each test, and no other. */
final class AttackListTest {
    private static final Path LIST = Path.of("../docs/security.md");
    private static final Pattern NAME = Pattern.compile("`(\\w+)`");

    @Test
    void namesTheTestOfEachAttack() throws IOException {
        Set<String> named = new TreeSet<>();
        for (String line : Files.readAllLines(LIST)) {
            if (line.startsWith("|") && !line.contains(" test in ")) {
                String[] cells = line.split("\\|", -1);
                Matcher name = NAME.matcher(cells[cells.length - 2]);
                while (name.find()) {
                    named.add(name.group(1));
                }
            }
        }
        assertThat(named).isEqualTo(tests());
    }

    private static Set<String> tests() {
        return Stream.of(AttackTest.class, StateAttackTest.class)
                .flatMap(tests -> Arrays.stream(tests.getDeclaredMethods()))
                .filter(method -> !method.isSynthetic() && isTest(method))
                .map(Method::getName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean isTest(Method method) {
        return method.isAnnotationPresent(Test.class) || method.isAnnotationPresent(EachVersion.class);
    }
}
