package dev.dunlin.broker.testkit;

import java.lang.management.ManagementFactory;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * The live objects of this JVM, counted behind a full collection.
 *
 * @param bytes of all of them
 * @param ownBytes of those of our own classes
 */
public record LiveHeap(long bytes, long ownBytes) {
    private static final Pattern ROW = Pattern.compile("\\s*\\d+:\\s+\\d+\\s+(\\d+)\\s+(\\S+).*");

    /** Collects what is garbage, and counts what isn't. */
    public static LiveHeap now() {
        long bytes = 0;
        long ownBytes = 0;
        for (String line : (Iterable<String>) histogram().lines()::iterator) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                long ofClass = Long.parseLong(row.group(1));
                bytes += ofClass;
                ownBytes += row.group(2).contains("dev.dunlin.") ? ofClass : 0;
            }
        }
        return new LiveHeap(bytes, ownBytes);
    }

    private static String histogram() {
        try {
            return ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "gcClassHistogram",
                            new Object[] {new String[0]},
                            new String[] {String[].class.getName()})
                    .toString();
        } catch (JMException e) {
            throw new AssertionError("this JVM counts no objects", e);
        }
    }
}
