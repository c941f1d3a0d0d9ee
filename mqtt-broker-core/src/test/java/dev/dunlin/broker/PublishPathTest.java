package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.ReferenceType;
import com.sun.jdi.StackFrame;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.Connector;
import com.sun.jdi.connect.LaunchingConnector;
import com.sun.jdi.event.BreakpointEvent;
import com.sun.jdi.event.ClassPrepareEvent;
import com.sun.jdi.event.Event;
import com.sun.jdi.event.EventSet;
import com.sun.jdi.event.VMDeathEvent;
import com.sun.jdi.event.VMDisconnectEvent;
import com.sun.jdi.request.ClassPrepareRequest;
import com.sun.jdi.request.EventRequest;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Holds the path of a PUBLISH to the eight files of the table in ARCHITECTURE.md. A broker in a JVM of its own runs under
 * the debugger interface, which stops at three points and takes the stack: where a match finds a subscription, where a
 * session takes a delivery, and where the encoder appends it. No hook in the product is needed.
 */
class PublishPathTest {
    private static final String PREFIX = "dev.dunlin.";

    private static final String SINK = "dev.dunlin.broker.routing.TargetCollector";

    /** Point to class and method; the sink itself is the end of the first stack, not on it. */
    private static final Map<String, String> POINTS = Map.of(
            SINK, "accept", "dev.dunlin.broker.session.Session", "deliver", "dev.dunlin.codec.MqttEncoder", "publish");

    /** A row of the table: number, file, room. */
    private static final Pattern ROW = Pattern.compile("\\| \\d \\| `(\\w+)` \\((\\w+)\\) \\|.*");

    @Test
    @Timeout(60)
    void touchesTheEightFilesOfTheTableAndNoOther() throws Exception {
        Map<String, Set<String>> stacks = new TreeMap<>();
        VirtualMachine vm = launch(PublishPathScenario.class);
        try {
            capture(vm, stacks);
        } finally {
            Process process = vm.process();
            process.destroy();
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
        Set<String> union = new TreeSet<>();
        stacks.values().forEach(union::addAll);
        assertThat(stacks.keySet()).as("all points were reached").containsExactlyInAnyOrderElementsOf(POINTS.keySet());
        assertThat(table()).hasSize(8);
        assertThat(union).as("stacks %s", stacks).containsExactlyInAnyOrderElementsOf(table());
    }

    /** The classes of the table. */
    private static Set<String> table() throws IOException {
        Set<String> path = new TreeSet<>();
        for (String line : Files.readAllLines(Path.of("..", "ARCHITECTURE.md"))) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                String room = row.group(2).equals("codec") ? "codec." : "broker." + row.group(2) + ".";
                path.add(PREFIX + room + row.group(1));
            }
        }
        return path;
    }

    private static VirtualMachine launch(Class<?> main) throws Exception {
        LaunchingConnector connector = Bootstrap.virtualMachineManager().defaultConnector();
        Map<String, Connector.Argument> arguments = connector.defaultArguments();
        arguments.get("main").setValue(main.getName());
        arguments.get("options").setValue("-cp \"" + System.getProperty("java.class.path") + "\"");
        VirtualMachine vm = connector.launch(arguments);
        for (String type : POINTS.keySet()) {
            ClassPrepareRequest prepared = vm.eventRequestManager().createClassPrepareRequest();
            prepared.addClassFilter(type);
            prepared.enable();
        }
        return vm;
    }

    private static void capture(VirtualMachine vm, Map<String, Set<String>> stacks) throws Exception {
        while (true) {
            EventSet events = vm.eventQueue().remove();
            for (Event event : events) {
                if (event instanceof VMDeathEvent || event instanceof VMDisconnectEvent) {
                    return;
                } else if (event instanceof ClassPrepareEvent loaded) {
                    breakAt(vm, loaded.referenceType());
                } else if (event instanceof BreakpointEvent reached) {
                    note(reached, stacks);
                }
            }
            events.resume();
        }
    }

    private static void breakAt(VirtualMachine vm, ReferenceType type) {
        String method = POINTS.get(type.name());
        type.methodsByName(method).stream()
                .filter(each -> !each.isAbstract() && !each.isBridge())
                .forEach(each -> {
                    EventRequest at = vm.eventRequestManager().createBreakpointRequest(each.location());
                    at.enable();
                });
    }

    private static void note(BreakpointEvent reached, Map<String, Set<String>> stacks) throws Exception {
        if (!reached.thread().name().contains("-loop-")) {
            return; // the scenario's own client encodes as well
        }
        String point = reached.location().declaringType().name();
        Set<String> seen = stacks.computeIfAbsent(point, type -> new TreeSet<>());
        for (StackFrame frame : reached.thread().frames()) {
            String type = frame.location().declaringType().name();
            if (type.startsWith(PREFIX) && !isSink(frame)) {
                seen.add(row(type));
            }
        }
    }

    /** With the bridge method in front of it. */
    private static boolean isSink(StackFrame frame) {
        return frame.location().declaringType().name().equals(SINK)
                && frame.location().method().name().equals(POINTS.get(SINK));
    }

    /** Nested classes belong to their file; the insides of the routing room belong to the tree, which is what one reads. */
    private static String row(String type) throws ClassNotFoundException {
        String outer = type.contains("$") ? type.substring(0, type.indexOf('$')) : type;
        boolean inside = outer.startsWith("dev.dunlin.broker.routing.")
                && !Modifier.isPublic(Class.forName(outer).getModifiers());
        return inside ? "dev.dunlin.broker.routing.SubscriptionTree" : outer;
    }
}
