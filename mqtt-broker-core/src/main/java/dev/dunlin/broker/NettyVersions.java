package dev.dunlin.broker;

import io.netty.util.Version;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Dependency management of an application easily mixes Netty 4.1 and 4.2, which fails late and strangely: better to say
 * so at start.
 */
final class NettyVersions {
    private static final Logger LOG = LoggerFactory.getLogger(NettyVersions.class);
    private static final String NEEDED = "4.2.";

    private NettyVersions() {}

    static void check() throws BrokerStartException {
        Map<String, String> versions = new TreeMap<>();
        Version.identify(NettyVersions.class.getClassLoader())
                .forEach((artifact, version) -> versions.put(artifact, version.artifactVersion()));
        check(versions);
    }

    /** @param versions by artifact; empty where a repackaged class path has lost them, which is let pass */
    static void check(Map<String, String> versions) throws BrokerStartException {
        Set<String> distinct = new TreeSet<>(versions.values());
        if (distinct.stream().anyMatch(version -> !version.startsWith(NEEDED))) {
            throw new BrokerStartException(
                    BrokerStartException.Kind.CONFIG,
                    "the class path mixes Netty versions, or has another than 4.2: " + versions
                            + "; manage them with netty-bom",
                    null);
        }
        if (distinct.size() > 1) {
            LOG.warn("the class path mixes Netty versions {}; manage them with netty-bom", distinct);
        }
    }
}
