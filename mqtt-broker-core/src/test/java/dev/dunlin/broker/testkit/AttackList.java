package dev.dunlin.broker.testkit;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** The attacks that the documentation lists, with the test of each. */
public final class AttackList {
    private static final Path DOCUMENT = Path.of("../docs/security.md");
    private static final Pattern NAME = Pattern.compile("`(\\w+)`");
    private static final List<Class<? extends Annotation>> MARKS =
            List.of(Test.class, ParameterizedTest.class, EachVersion.class);

    private AttackList() {}

    /** The tests that the documentation names, in the last column of the table of this class. */
    public static Set<String> documented(Class<?> tests) throws IOException {
        Set<String> named = new TreeSet<>();
        boolean itsTable = false;
        for (String line : Files.readAllLines(DOCUMENT)) {
            boolean header = line.contains(" test in ");
            itsTable = line.startsWith("|") && (header ? line.contains("`" + tests.getSimpleName() + "`") : itsTable);
            if (itsTable && !header) {
                String[] cells = line.split("\\|", -1);
                Matcher name = NAME.matcher(cells[cells.length - 2]);
                while (name.find()) {
                    named.add(name.group(1));
                }
            }
        }
        return named;
    }

    /** The tests of this class. */
    public static Set<String> tests(Class<?> tests) {
        return Arrays.stream(tests.getDeclaredMethods())
                .filter(method -> !method.isSynthetic() && MARKS.stream().anyMatch(method::isAnnotationPresent))
                .map(Method::getName)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
