package dev.dunlin.broker;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Collections;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Dependency management of an application easily mixes Netty 4.1 and 4.2, which fails late and strangely: better to say
 * so at start. What the broker itself runs on must be 4.2; of the rest it only warns.
 */
final class NettyVersions {
    private static final Logger LOG = LoggerFactory.getLogger(NettyVersions.class);
    private static final String NEEDED = "4.2.";

    /** What the broker runs on; the native transports belong to the last. */
    private static final Set<String> OURS = Set.of(
            "netty-common",
            "netty-buffer",
            "netty-codec-base",
            "netty-codec-http",
            "netty-codec-haproxy",
            "netty-handler",
            "netty-resolver",
            "netty-transport");

    private static final String NATIVE = "netty-transport-";
    private static final String RESOURCE = "META-INF/io.netty.versions.properties";
    private static final String VERSION = ".version";

    private NettyVersions() {}

    static void check() throws BrokerStartException {
        check(onClassPath(NettyVersions.class.getClassLoader()));
    }

    /** As Netty's own {@code Version.identify}, which also reads the dates, and for that all that Java knows of calendars. */
    private static Map<String, String> onClassPath(ClassLoader loader) {
        Properties all = new Properties();
        try {
            for (URL resource : Collections.list(loader.getResources(RESOURCE))) {
                try (InputStream in = resource.openStream()) {
                    all.load(in);
                }
            }
        } catch (IOException e) {
            LOG.warn("the versions of Netty on the class path can't be read: {}", e.toString());
        }
        Map<String, String> versions = new TreeMap<>();
        for (String key : all.stringPropertyNames()) {
            if (key.endsWith(VERSION)) {
                versions.put(key.substring(0, key.length() - VERSION.length()), all.getProperty(key));
            }
        }
        return versions;
    }

    /** @param versions by artifact; empty where a repackaged class path has lost them, which is let pass */
    static void check(Map<String, String> versions) throws BrokerStartException {
        Set<String> distinct = new TreeSet<>(versions.values());
        if (versions.entrySet().stream().anyMatch(each -> isOurs(each.getKey()) && !isNeeded(each.getValue()))) {
            throw new BrokerStartException(
                    BrokerStartException.Kind.CONFIG,
                    "the class path mixes Netty versions, or has another than 4.2: " + versions
                            + "; manage them with netty-bom",
                    null);
        }
        if (distinct.size() > 1) {
            LOG.warn(
                    "the class path mixes Netty versions, which may fail late and strangely: {}; manage them with netty-bom",
                    versions);
        }
    }

    private static boolean isOurs(String artifact) {
        return OURS.contains(artifact) || artifact.startsWith(NATIVE);
    }

    private static boolean isNeeded(String version) {
        return version.startsWith(NEEDED);
    }
}
