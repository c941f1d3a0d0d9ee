package dev.dunlin.server;

import java.net.InetAddress;
import java.net.UnknownHostException;
import picocli.CommandLine.TypeConversionException;

/**
 * An address to listen on.
 *
 * @param host a name or a numeric address as the user wrote it, IPv6 without brackets
 * @param loopback whether only this machine can reach it
 */
record BindAddress(String host, boolean loopback) {
    static final BindAddress LOOPBACK = new BindAddress("127.0.0.1", true);

    /** Resolves {@code text}; the name service may be asked. */
    static BindAddress parse(String text) {
        boolean bracketed = text.startsWith("[") && text.endsWith("]");
        String host = bracketed ? text.substring(1, text.length() - 1) : text;
        try {
            // The empty text would resolve to loopback.
            if (!host.isBlank()) {
                return new BindAddress(host, InetAddress.getByName(host).isLoopbackAddress());
            }
        } catch (UnknownHostException e) {
            // Said below, in the same words as for a blank one.
        }
        throw new TypeConversionException("'" + text + "' is not an address or the name of one");
    }

    /** The host: as all that a record says by itself is put together at run time, and picocli asks at each start. */
    @Override
    public String toString() {
        return host;
    }
}
