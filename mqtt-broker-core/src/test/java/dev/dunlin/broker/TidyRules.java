package dev.dunlin.broker;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.MemberReferenceTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.PackageTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.TreeScanner;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Our rules on sources that no compiler checks. Each returns what it finds, one line each. */
final class TidyRules {
    static final int METHOD_LINES_MAX = 60;
    static final int FILE_LINES_MAX = 600;
    static final int CONSTRUCTOR_PARAMETERS_MAX = 6;

    private static final String CORE = "mqtt-broker-core";

    private static final Pattern VAGUE_NAME = Pattern.compile(".*(?:Impl|Manager|Service|Helper|Utils?|Data|Info)");
    private static final Set<String> ALLOWED_NAMES = Set.of("ClientInfo");

    private static final Pattern UNFINISHED = Pattern.compile("\\b(?:TODO|FIXME)\\b");

    /** A room may use those of a lower floor; routing and store share one. */
    private static final Map<String, Integer> FLOORS =
            Map.of("broker", 6, "net", 5, "session", 4, "routing", 3, "store", 3, "events", 2, "spi", 1, "codec", 0);

    private static final Set<String> HIDDEN_ROOMS = Set.of("net", "session", "routing", "store", "events");

    /** {@code [5.0:MQTT-4.8.2-4, -5]}: later ids of a citation may leave out what they share with the one before. */
    private static final Pattern CITATION = Pattern.compile("\\[([^\\[\\]]*\\bMQTT-\\d[^\\[\\]]*)]");

    private static final Pattern CITED =
            Pattern.compile("(?:([\\d.]+):)?(?:(MQTT-\\d+(?:\\.\\d+)*))?-(\\d+)|[\\d.]+ section [\\d.]+");
    private static final Pattern COMMENT_BREAK = Pattern.compile("\\s*\n\\s*(?:\\*|//)?\\s*");
    private static final Pattern MENTION = Pattern.compile("\\bMQTT-\\d+\\.\\d+");

    private static final List<Forbidden> FORBIDDEN = List.of(
            new Forbidden(
                    "System",
                    "exit",
                    f -> !f.path().matches(".*/(server/Main|load/Bench|footprint/ConnectionFootprint)\\.java"),
                    "only a program's main method ends the process"),
            new Forbidden("Thread", "sleep", f -> true, "wait for what is awaited"),
            new Forbidden("", "printStackTrace", f -> true, "log it, or let it pass"),
            new Forbidden("System", "out", TidyRules::isLibrary, "a library does not print"),
            new Forbidden("System", "err", TidyRules::isLibrary, "a library does not print"),
            new Forbidden("", "writeAndFlush", TidyRules::isCore, "the loop flushes, once per turn"),
            new Forbidden("System", "currentTimeMillis", TidyRules::readsNoClock, "time comes from TimeSource"),
            new Forbidden("System", "nanoTime", TidyRules::readsNoClock, "time comes from TimeSource"),
            new Forbidden("Instant", "now", TidyRules::readsNoClock, "time comes from TimeSource"),
            new Forbidden("Math", "random", TidyRules::isCore, "randomness is injected"),
            new Forbidden("ThreadLocalRandom", "current", TidyRules::isCore, "randomness is injected"),
            new Forbidden("UUID", "randomUUID", TidyRules::isCore, "randomness is injected"));

    private static final Pattern VERSION = Pattern.compile("\\bV(?:3_1(?:_1)?|5)\\b");

    private TidyRules() {}

    static List<String> sizes(SourceFile file) {
        List<String> findings = new ArrayList<>();
        long lines = file.text().lines().filter(TidyRules::isCode).count();
        if (lines > FILE_LINES_MAX) {
            findings.add(file.finding(1, "file of " + lines + " code lines, at most " + FILE_LINES_MAX));
        }
        new TreeScanner<Void, Tree.Kind>() {
            @Override
            public Void visitClass(ClassTree tree, Tree.Kind outer) {
                return super.visitClass(tree, tree.getKind());
            }

            @Override
            public Void visitMethod(MethodTree tree, Tree.Kind owner) {
                long size = file.lastLine(tree) - file.firstLine(tree) + 1;
                if (size > METHOD_LINES_MAX) {
                    String message = "method " + tree.getName() + " of " + size + " lines, at most " + METHOD_LINES_MAX;
                    findings.add(file.finding(file.firstLine(tree), message));
                }
                int parameters = tree.getParameters().size();
                boolean constructor = tree.getReturnType() == null;
                if (constructor && owner != Tree.Kind.RECORD && parameters > CONSTRUCTOR_PARAMETERS_MAX) {
                    String message = "constructor with " + parameters + " parameters, at most "
                            + CONSTRUCTOR_PARAMETERS_MAX + ": which concept is missing?";
                    findings.add(file.finding(file.firstLine(tree), message));
                }
                return super.visitMethod(tree, owner);
            }
        }.scan(file.unit(), null);
        return findings;
    }

    static List<String> names(SourceFile file) {
        List<String> findings = new ArrayList<>();
        new TreeScanner<Void, Void>() {
            @Override
            public Void visitClass(ClassTree tree, Void unused) {
                String name = tree.getSimpleName().toString();
                if (VAGUE_NAME.matcher(name).matches() && !ALLOWED_NAMES.contains(name)) {
                    findings.add(file.finding(file.firstLine(tree), "name " + name + ": say what it is"));
                }
                return super.visitClass(tree, null);
            }
        }.scan(file.unit(), null);
        return findings;
    }

    static List<String> unfinished(SourceFile file) {
        List<String> findings = new ArrayList<>();
        int number = 0;
        for (String line : file.text().lines().toList()) {
            number++;
            Matcher matcher = UNFINISHED.matcher(line);
            if (matcher.find()) {
                findings.add(file.finding(number, matcher.group() + ": finish it or file an issue"));
            }
        }
        return findings;
    }

    /** Calls, method references and static imports of what {@link #FORBIDDEN} lists. */
    static List<String> calls(SourceFile file) {
        List<String> findings = new ArrayList<>();
        new TreeScanner<Void, Void>() {
            @Override
            public Void visitMemberSelect(MemberSelectTree tree, Void unused) {
                check(tree, lastName(tree.getExpression()), tree.getIdentifier().toString());
                return super.visitMemberSelect(tree, null);
            }

            @Override
            public Void visitMemberReference(MemberReferenceTree tree, Void unused) {
                check(
                        tree,
                        lastName(tree.getQualifierExpression()),
                        tree.getName().toString());
                return super.visitMemberReference(tree, null);
            }

            @Override
            public Void visitMethodInvocation(MethodInvocationTree tree, Void unused) {
                if (tree.getMethodSelect() instanceof IdentifierTree inherited) {
                    check(tree, "", inherited.getName().toString());
                }
                return super.visitMethodInvocation(tree, null);
            }

            @Override
            public Void visitNewClass(NewClassTree tree, Void unused) {
                boolean unseeded = tree.getArguments().isEmpty();
                if (unseeded && lastName(tree.getIdentifier()).equals("Random") && isCore(file)) {
                    findings.add(file.finding(file.firstLine(tree), "new Random(): randomness is injected"));
                }
                return super.visitNewClass(tree, null);
            }

            private void check(Tree tree, String owner, String member) {
                for (Forbidden forbidden : FORBIDDEN) {
                    if (forbidden.matches(owner, member) && forbidden.where.test(file)) {
                        findings.add(file.finding(file.firstLine(tree), member + ": " + forbidden.reason));
                    }
                }
            }
        }.scan(file.unit(), null);
        return findings;
    }

    /** A question for the protocol version in the core, outside of its table and without a reason in its line or above. */
    static List<String> versions(SourceFile file) {
        List<String> findings = new ArrayList<>();
        if (!isCore(file) || file.path().endsWith("/VersionRules.java")) {
            return findings;
        }
        int number = 0;
        String before = "";
        for (String line : file.text().lines().toList()) {
            number++;
            boolean explained = line.contains("//") || before.strip().startsWith("//");
            if (isCode(line) && VERSION.matcher(line).find() && !explained) {
                findings.add(file.finding(number, "a version: ask VersionRules, or say why not"));
            }
            before = line;
        }
        return findings;
    }

    /** {@code broker -> net -> session -> {routing, store} -> events -> spi -> codec}. */
    static List<String> arrows(SourceFile file) {
        List<String> findings = new ArrayList<>();
        new TreeScanner<Void, Void>() {
            @Override
            public Void visitPackage(PackageTree tree, Void unused) {
                return null;
            }

            @Override
            public Void visitMemberSelect(MemberSelectTree tree, Void unused) {
                String target = room(tree.toString());
                if (target.isEmpty()) {
                    return super.visitMemberSelect(tree, null);
                }
                String wrong = wrongArrow(file, target);
                if (!wrong.isEmpty()) {
                    findings.add(file.finding(file.firstLine(tree), wrong));
                }
                return null;
            }
        }.scan(file.unit(), null);
        return findings;
    }

    /**
     * Statement ids that the specification doesn't have, and ids outside of a citation.
     *
     * @param known by version, {@code 3.1.1} and {@code 5.0}
     */
    static List<String> statements(SourceFile file, Map<String, Set<String>> known) {
        List<String> findings = new ArrayList<>();
        String text = file.text();
        Matcher citation = CITATION.matcher(text);
        while (citation.find()) {
            for (String message : wrongIds(citation.group(1), known)) {
                findings.add(file.finding(file.lineAt(citation.start()), message));
            }
        }
        // Blanks in place of what was looked at keep the positions.
        Matcher mention = MENTION.matcher(
                citation.replaceAll(cited -> " ".repeat(cited.group().length())));
        while (mention.find()) {
            findings.add(file.finding(file.lineAt(mention.start()), "cite a statement as [5.0:MQTT-1.2.3-4]"));
        }
        return findings;
    }

    private static List<String> wrongIds(String citation, Map<String, Set<String>> known) {
        List<String> messages = new ArrayList<>();
        String version = "";
        String section = "";
        for (String part : List.of(citation.split(",", -1))) {
            String item = COMMENT_BREAK.matcher(part).replaceAll(" ").strip();
            Matcher cited = CITED.matcher(item);
            if (!cited.matches()) {
                messages.add("'" + item + "' in a citation is no statement id");
                continue;
            }
            if (cited.group(3) == null) {
                continue; // a section without statements
            }
            version = cited.group(1) == null ? version : cited.group(1);
            section = cited.group(2) == null ? section : cited.group(2);
            String id = section + "-" + cited.group(3);
            if (!known.getOrDefault(version, Set.of()).contains(id)) {
                messages.add("MQTT '" + version + "' has no statement " + id);
            }
        }
        return messages;
    }

    private static String wrongArrow(SourceFile file, String target) {
        if (file.packageName().isEmpty()) {
            return ""; // module-info names every room
        }
        String source = room(file.packageName());
        if (file.module().equals(CORE) || source.equals("codec")) {
            if (!FLOORS.containsKey(source)) {
                return "room " + source + " has no place in the order of packages";
            }
            boolean down = FLOORS.getOrDefault(target, Integer.MAX_VALUE) < FLOORS.get(source);
            return down || target.equals(source) ? "" : source + " must not use " + target;
        }
        boolean measuresInside = file.module().equals("mqtt-benchmarks");
        return HIDDEN_ROOMS.contains(target) && !measuresInside ? target + " is hidden inside the core" : "";
    }

    /** The room that a package or qualified name is in; empty if it is none of codec and core. */
    private static String room(String name) {
        if (name.equals("dev.dunlin.codec") || name.startsWith("dev.dunlin.codec.")) {
            return "codec";
        }
        Matcher inside = Pattern.compile("dev\\.dunlin\\.broker(?:\\.([a-z]\\w*))?(?:\\..*)?")
                .matcher(name);
        if (!inside.matches()) {
            return "";
        }
        return inside.group(1) == null ? "broker" : inside.group(1);
    }

    /** Neither blank nor a comment. */
    private static boolean isCode(String line) {
        return !line.strip().matches("|//.*|/?\\*.*");
    }

    private static String lastName(Tree tree) {
        if (tree instanceof MemberSelectTree select) {
            return select.getIdentifier().toString();
        }
        return tree instanceof IdentifierTree name ? name.getName().toString() : "";
    }

    private static boolean isCore(SourceFile file) {
        return file.module().equals(CORE);
    }

    private static boolean isLibrary(SourceFile file) {
        return !Set.of("mqtt-server", "mqtt-examples", "mqtt-examples-spring", "mqtt-benchmarks")
                .contains(file.module());
    }

    private static boolean readsNoClock(SourceFile file) {
        return isCore(file) && !file.path().endsWith("TimeSource.java");
    }

    /** A member that mustn't be used; an empty owner stands for any. */
    private record Forbidden(String owner, String member, Predicate<SourceFile> where, String reason) {
        boolean matches(String usedOwner, String usedMember) {
            return member.equals(usedMember) && (owner.isEmpty() || owner.equals(usedOwner));
        }
    }
}
