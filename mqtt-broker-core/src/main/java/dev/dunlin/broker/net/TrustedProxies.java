package dev.dunlin.broker.net;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The addresses of those whose PROXY headers are believed. Immutable. */
public final class TrustedProxies {
    private final List<IpSubnetFilterRule> ranges;

    private TrustedProxies(List<IpSubnetFilterRule> ranges) {
        this.ranges = List.copyOf(ranges);
    }

    /**
     * From addresses and ranges as text, such as "192.0.2.7" and "2001:db8::/32". No name is looked up.
     *
     * @throws IllegalArgumentException if there is none, or one of them is neither
     */
    public static TrustedProxies of(List<String> sources) {
        if (sources.isEmpty()) {
            throw new IllegalArgumentException("the PROXY protocol needs at least one trusted source");
        }
        List<IpSubnetFilterRule> ranges = new ArrayList<>();
        for (String source : sources) {
            ranges.add(range(source));
        }
        return new TrustedProxies(ranges);
    }

    private static IpSubnetFilterRule range(String source) {
        int slash = source.indexOf('/');
        InetAddress address = address(slash < 0 ? source : source.substring(0, slash));
        String bits = slash < 0 ? "" : source.substring(slash + 1);
        int most = address == null ? 0 : address.getAddress().length * Byte.SIZE;
        boolean sound = slash < 0 || (bits.matches("\\d{1,3}") && Integer.parseInt(bits) <= most);
        if (address == null || !sound) {
            throw new IllegalArgumentException(
                    "a trusted source is an address or a range such as 192.0.2.0/24, not '" + source + "'");
        }
        return new IpSubnetFilterRule(address, slash < 0 ? most : Integer.parseInt(bits), IpFilterRuleType.ACCEPT);
    }

    /** A numeric address; null if it isn't one. One of IPv4 in the clothes of IPv6 is of IPv4. */
    static @Nullable InetAddress address(String text) {
        byte[] bytes = text.startsWith("[") ? null : NetUtil.createByteArrayFromIpAddressString(text);
        try {
            return bytes == null ? null : InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("4 or 16 bytes are an address", e);
        }
    }

    /** Whether a connection from this address comes from one of them. */
    boolean contains(@Nullable SocketAddress address) {
        if (!(address instanceof InetSocketAddress from)) {
            return false;
        }
        for (IpSubnetFilterRule range : ranges) {
            if (range.matches(from)) {
                return true;
            }
        }
        return false;
    }

    /** Whether what reads a PROXY header is on the class path: an optional dependency, {@code netty-codec-haproxy}. */
    public static boolean canReadHeaders() {
        try {
            return ProxyHeader.isAvailable();
        } catch (NoClassDefFoundError absent) { // that is the answer
            return false;
        }
    }
}
