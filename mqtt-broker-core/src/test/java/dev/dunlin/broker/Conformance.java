package dev.dunlin.broker;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.AssignmentTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.NewArrayTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.TreeScanner;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;

/**
 * Which tests prove which normative statement of the specification: read from {@code @Statement} in the sources of the
 * tests, held against the lists of statements, and written down as {@code docs/conformance.md}.
 */
final class Conformance {
    static final int STATEMENTS_PER_TEST_MAX = 3;
    static final int NOT_OBSERVABLE_MAX = 12;

    /** What makes a method a test; an annotation of ours that carries one of them does too. */
    private static final Set<String> TEST_ANNOTATIONS =
            Set.of("Test", "ParameterizedTest", "RepeatedTest", "TestFactory", "TestTemplate");

    private final Map<String, Rule> rules;
    private final Map<String, String> notObservable;

    private final Map<String, List<Proof>> proofs = new TreeMap<>();
    private final List<String> findings = new ArrayList<>();

    /**
     * @param rules all statements in the order of their specifications
     * @param notObservable statements that no test can see broken, with the reason
     */
    Conformance(List<Rule> rules, Map<String, String> notObservable) {
        this.rules = new LinkedHashMap<>();
        rules.forEach(rule -> this.rules.put(rule.id(), rule));
        this.notObservable = notObservable;
    }

    /**
     * A normative statement.
     *
     * @param version {@code 3.1.1} or {@code 5.0}
     * @param number as the specification prints it, {@code MQTT-1.2.3-4}
     * @param binds {@code client}, {@code server} or {@code both}
     * @param what a few words on its topic
     */
    record Rule(String version, String number, String binds, String what) {
        /** From a line of a list: number, who is bound, a few words. */
        static Rule of(String version, String line) {
            String[] columns = line.split("\\s+", 3);
            return new Rule(version, columns[0], columns[1], columns[2]);
        }

        String id() {
            return version + ":" + number;
        }

        boolean bindsServer() {
            return !binds.equals("client");
        }
    }

    /** A test that carries a statement. */
    private record Proof(String test, String path) {
        /** Seen from {@code docs}. */
        String link() {
            return "[" + test + "](../" + path + ")";
        }
    }

    // ---- read

    /** Reads the tests; returns what is wrong with them or with the lists, one line each. */
    List<String> read(List<SourceFile> tests) {
        Set<String> annotations = testAnnotations(tests);
        for (SourceFile file : tests) {
            new Statements(file, annotations).scan(file.unit(), null);
        }
        checkNotObservable();
        for (Rule rule : rules.values()) {
            String id = rule.id();
            boolean excused = notObservable.containsKey(id);
            if (rule.bindsServer() && !proofs.containsKey(id) && !excused) {
                findings.add("no test proves " + id + ": " + rule.what());
            }
        }
        return findings;
    }

    private void checkNotObservable() {
        if (notObservable.size() > NOT_OBSERVABLE_MAX) {
            findings.add(notObservable.size() + " statements are called not observable, at most " + NOT_OBSERVABLE_MAX);
        }
        notObservable.forEach((id, reason) -> {
            if (!rules.containsKey(id)) {
                findings.add("not observable: there is no statement " + id);
            }
            if (reason.isBlank()) {
                findings.add("not observable: " + id + " has no reason");
            }
            if (proofs.containsKey(id)) {
                findings.add("not observable: " + id + " has a test, "
                        + proofs.get(id).get(0).test());
            }
        });
    }

    private static Set<String> testAnnotations(List<SourceFile> tests) {
        Set<String> names = new HashSet<>(TEST_ANNOTATIONS);
        for (SourceFile file : tests) {
            new TreeScanner<Void, Void>() {
                @Override
                public Void visitClass(ClassTree tree, Void unused) {
                    if (tree.getKind() == Tree.Kind.ANNOTATION_TYPE && carries(tree.getModifiers(), TEST_ANNOTATIONS)) {
                        names.add(tree.getSimpleName().toString());
                    }
                    return super.visitClass(tree, null);
                }
            }.scan(file.unit(), null);
        }
        return names;
    }

    private static boolean carries(ModifiersTree modifiers, Set<String> names) {
        return modifiers.getAnnotations().stream().anyMatch(annotation -> names.contains(name(annotation)));
    }

    private static String name(AnnotationTree annotation) {
        Tree type = annotation.getAnnotationType();
        return type instanceof MemberSelectTree select
                ? select.getIdentifier().toString()
                : ((IdentifierTree) type).getName().toString();
    }

    /** Finds the statements of one file. */
    private final class Statements extends TreeScanner<Void, String> {
        private final SourceFile file;
        private final Set<String> testAnnotations;

        Statements(SourceFile file, Set<String> testAnnotations) {
            this.file = file;
            this.testAnnotations = testAnnotations;
        }

        @Override
        public Void visitClass(ClassTree tree, String outer) {
            String name = tree.getSimpleName().toString();
            return super.visitClass(tree, outer == null ? name : outer + "." + name);
        }

        @Override
        public Void visitMethod(MethodTree tree, String owner) {
            for (AnnotationTree annotation : tree.getModifiers().getAnnotations()) {
                if (name(annotation).equals("Statement")) {
                    add(owner + "." + tree.getName(), tree, annotation);
                }
            }
            return super.visitMethod(tree, owner);
        }

        private void add(String test, MethodTree method, AnnotationTree annotation) {
            List<String> ids = ids(annotation);
            if (!carries(method.getModifiers(), testAnnotations)) {
                finding(annotation, test + " is no test");
            }
            if (carries(method.getModifiers(), Set.of("Disabled"))) {
                finding(annotation, test + " is disabled, and proves nothing");
            }
            if (ids.isEmpty() || ids.size() > STATEMENTS_PER_TEST_MAX) {
                finding(annotation, test + " names " + ids.size() + " statements, 1 to " + STATEMENTS_PER_TEST_MAX);
            }
            for (String id : ids) {
                if (rules.containsKey(id)) {
                    proofs.computeIfAbsent(id, first -> new ArrayList<>()).add(new Proof(test, file.path()));
                } else {
                    finding(annotation, "there is no statement '" + id + "'");
                }
            }
            if (new HashSet<>(ids).size() < ids.size()) {
                finding(annotation, test + " names a statement twice");
            }
        }

        private void finding(Tree at, String message) {
            findings.add(file.finding(file.firstLine(at), message));
        }

        private static List<String> ids(AnnotationTree annotation) {
            List<String> ids = new ArrayList<>();
            for (ExpressionTree argument : annotation.getArguments()) {
                ExpressionTree value = argument instanceof AssignmentTree named ? named.getExpression() : argument;
                List<? extends ExpressionTree> values =
                        value instanceof NewArrayTree array ? array.getInitializers() : List.of(value);
                for (ExpressionTree id : values) {
                    ids.add(id instanceof LiteralTree literal ? String.valueOf(literal.getValue()) : id.toString());
                }
            }
            return ids;
        }
    }

    // ---- write

    /** {@code docs/conformance.md}. */
    String page() {
        StringBuilder page = new StringBuilder("""
                # The specification, statement by statement

                Made by `ConformanceTest` from `@Statement` on the tests. Don't edit it; make it anew with

                <!-- not run: runs the whole of ConformanceTest, which is in every build -->
                ```sh
                %s
                ```

                A statement that binds a server has a test that fails when the broker breaks it; what no test can see says why.
                Statements that bind clients alone need none: a test that is named there shows what the broker does about a
                client that breaks the statement.
                """.formatted(COMMAND));
        List<String> versions =
                rules.values().stream().map(Rule::version).distinct().toList();
        for (String version : versions) {
            table(version, page);
        }
        return page.toString();
    }

    /** What writes the page. */
    static final String COMMAND = "mvn -pl mqtt-broker-core -am test -Dtest=ConformanceTest "
            + "-Dsurefire.failIfNoSpecifiedTests=false -Ddunlin.conformance.write=true";

    private void table(String version, StringBuilder page) {
        List<Rule> rows = rules.values().stream()
                .filter(rule -> rule.version().equals(version))
                .toList();
        long bound = rows.stream().filter(Rule::bindsServer).count();
        long proven = rows.stream()
                .filter(rule -> rule.bindsServer() && proofs.containsKey(rule.id()))
                .count();
        page.append("\n## MQTT ").append(version).append("\n\n");
        page.append(rows.size()).append(" statements; ").append(bound).append(" bind a server, of which ");
        page.append(proven).append(" have a test.\n\n");
        page.append("| statement | binds | what | tests |\n|---|---|---|---|\n");
        for (Rule rule : rows) {
            page.append("| ").append(rule.number()).append(" | ").append(rule.binds());
            page.append(" | ")
                    .append(rule.what())
                    .append(" | ")
                    .append(tests(rule))
                    .append(" |\n");
        }
    }

    private String tests(Rule rule) {
        StringJoiner cell = new StringJoiner("<br>");
        proofs.getOrDefault(rule.id(), List.of()).stream().map(Proof::link).forEach(cell::add);
        if (notObservable.containsKey(rule.id())) {
            cell.add("not observable: " + notObservable.get(rule.id()));
        }
        return cell.toString();
    }
}
