package dev.dunlin.broker;

import com.sun.source.tree.BinaryTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.TreeScanner;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Our rules on lines of the log, for whoever writes them where: a line that concerns a client begins with it, what clients
 * choose can't feign another line, and a stack trace is for a fault of ours.
 */
final class LogRules {
    private static final Set<String> LOGGERS = Set.of("LOG", "log");
    private static final Set<String> LEVELS = Set.of("trace", "debug", "info", "warn", "error");
    private static final String CLIENT = "client {}: ";

    /** By the last name in an argument: what a client has chosen, or what shows such by its toString. */
    private static final Set<String> CHOSEN_BY_CLIENTS = Set.of(
            "clientId",
            "topic",
            "filter",
            "shareFilter",
            "group",
            "session",
            "recipient",
            "member",
            "answer",
            "message",
            "userName",
            "options");

    /** By its whole name: a cause. As the last argument a binding takes its stack, also where there is a place for it. */
    private static final Set<String> CAUSES = Set.of("failure", "cause", "e", "thrown");

    private static final Pattern PRINTABLE = Pattern.compile("Printable\\.text\\(.*\\)", Pattern.DOTALL);

    /** A connection's own name is printable already. */
    private static final Pattern NAME = Pattern.compile("(?:\\w+\\.)?name\\(\\)");

    private LogRules() {}

    static List<String> lines(SourceFile file) {
        List<String> findings = new ArrayList<>();
        new TreeScanner<@Nullable Void, @Nullable Void>() {
            @Override
            public @Nullable Void visitMethodInvocation(MethodInvocationTree call, @Nullable Void unused) {
                if (call.getMethodSelect() instanceof MemberSelectTree method
                        && method.getExpression() instanceof IdentifierTree logger
                        && LOGGERS.contains(logger.getName().toString())
                        && LEVELS.contains(method.getIdentifier().toString())) {
                    for (String fault : faults(method.getIdentifier().toString(), call.getArguments())) {
                        findings.add(file.finding(file.firstLine(call), fault));
                    }
                }
                return super.visitMethodInvocation(call, null);
            }
        }.scan(file.unit(), null);
        return findings;
    }

    private static List<String> faults(String level, List<? extends ExpressionTree> arguments) {
        String text = constant(arguments.get(0));
        if (text == null) {
            return List.of("a line of the log is a text in the source, with {} for what differs");
        }
        List<String> faults = new ArrayList<>();
        if (text.contains("\n") || text.contains("\r")) {
            faults.add("a line of the log is one line");
        }
        if (text.contains("client {}") && !text.startsWith(CLIENT)) {
            faults.add("a line about a client begins with \"" + CLIENT + "\"");
        }
        int places = text.split("\\{}", -1).length - 1;
        List<? extends ExpressionTree> values = arguments.subList(1, arguments.size());
        if (values.size() > places && !level.equals("error")) {
            faults.add("a stack trace is for a fault of ours, which is an error");
        }
        for (int i = 0; i < Math.min(places, values.size()); i++) {
            String value = values.get(i).toString();
            if (CAUSES.contains(value)) {
                faults.add("without its stack " + value + " is shown by " + value + ".toString()");
            }
            boolean who = i == 0 && text.startsWith(CLIENT);
            if (!isPrintable(value, who) && (who || isChosenByClients(values.get(i)))) {
                faults.add("a client can feign a line by " + value + ": Printable.text(...)");
            }
        }
        return faults;
    }

    private static boolean isPrintable(String value, boolean who) {
        return PRINTABLE.matcher(value).matches()
                || (who && (NAME.matcher(value).matches() || value.startsWith("addressOf(")));
    }

    private static boolean isChosenByClients(ExpressionTree value) {
        Tree last = value;
        while (last instanceof MethodInvocationTree call) {
            last = call.getMethodSelect();
            if (last instanceof MemberSelectTree select
                    && select.getIdentifier().contentEquals("toString")) {
                last = select.getExpression();
            }
        }
        String name =
                last instanceof MemberSelectTree select ? select.getIdentifier().toString() : last.toString();
        return CHOSEN_BY_CLIENTS.contains(name) || name.equals("this");
    }

    /** A text that stands in the source, in one piece or several; null for any other. */
    private static @Nullable String constant(ExpressionTree tree) {
        if (tree instanceof LiteralTree literal && literal.getValue() instanceof String text) {
            return text;
        }
        if (tree instanceof BinaryTree both && both.getKind() == Tree.Kind.PLUS) {
            String left = constant(both.getLeftOperand());
            String right = constant(both.getRightOperand());
            return left == null || right == null ? null : left + right;
        }
        return null;
    }
}
