package dev.dunlin.server.mosquitto;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The addresses that a listener on TCP is bound to. */
final class BoundAddresses {
    private static final String ALL_IPV4 = "0.0.0.0";

    /** On Linux this has IPv4 as well. */
    private static final String ALL = "::";

    private BoundAddresses() {}

    /**
     * The addresses of a listener, at least one.
     *
     * @param local whether it is for this machine only
     * @throws Refusal if there is none; names the key
     */
    static List<String> of(ListenerSection listener, boolean local) throws Refusal {
        Section settings = listener.settings();
        String family = settings.text(Key.SOCKET_DOMAIN);
        List<String> addresses;
        try {
            String device = settings.text(Key.BIND_INTERFACE);
            if (device != null) {
                addresses = ofDevice(device, family);
            } else if (local) {
                addresses = loopback(family);
            } else {
                addresses = listener.host() == null ? all(family) : ofHost(listener.host(), family);
            }
        } catch (SocketException e) {
            throw Refusal.wrong("listener " + listener.name() + ": the addresses of this machine can't be listed: "
                    + e.getMessage());
        }
        if (addresses.isEmpty()) {
            throw Refusal.wrong("listener " + listener.name() + ": there is no address "
                    + (family == null ? "" : "of " + family + " ") + "to listen on");
        }
        return addresses;
    }

    private static List<String> ofDevice(String device, @Nullable String family) throws SocketException, Refusal {
        NetworkInterface found = NetworkInterface.getByName(device);
        if (found == null) {
            throw Refusal.wrong("bind_interface: there is no interface " + device);
        }
        return of(found.inetAddresses().toList(), family);
    }

    private static List<String> loopback(@Nullable String family) throws SocketException {
        return of(machine(true), family);
    }

    private static List<String> ofHost(String host, @Nullable String family) throws Refusal {
        try {
            return of(List.of(InetAddress.getAllByName(host)), family);
        } catch (UnknownHostException e) {
            throw Refusal.wrong("'" + host + "' is not an address or the name of one");
        }
    }

    /** There is no socket for IPv6 alone here: these are the addresses that the machine has now. */
    private static List<String> all(@Nullable String family) throws SocketException {
        if ("ipv6".equals(family)) {
            return of(machine(false), family);
        }
        boolean both = family == null && !of(machine(false), "ipv6").isEmpty();
        return List.of(both ? ALL : ALL_IPV4);
    }

    private static List<InetAddress> machine(boolean loopback) throws SocketException {
        List<InetAddress> addresses = new ArrayList<>();
        for (NetworkInterface device : NetworkInterface.networkInterfaces().toList()) {
            if (device.isUp()) {
                device.inetAddresses()
                        .filter(address -> !loopback || isUsual(address))
                        .forEach(addresses::add);
            }
        }
        return addresses;
    }

    /** 127.0.0.1 or ::1. */
    private static boolean isUsual(InetAddress address) {
        byte[] bytes = address.getAddress();
        return address.isLoopbackAddress() && bytes[bytes.length - 1] == 1;
    }

    private static List<String> of(List<InetAddress> addresses, @Nullable String family) {
        return addresses.stream()
                .filter(address -> family == null
                        || (family.equals("ipv4") ? address instanceof Inet4Address : address instanceof Inet6Address))
                .map(BoundAddresses::numeric)
                .distinct()
                .toList();
    }

    /** With the name of the interface only where an address means nothing without it. */
    private static String numeric(InetAddress address) {
        String text = address.getHostAddress();
        int scope = text.indexOf('%');
        return scope < 0 || address.isLinkLocalAddress() ? text : text.substring(0, scope);
    }
}
