package dev.dunlin.benchmarks.trees;

import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.function.ObjIntConsumer;

/**
 * Subscriptions and topics as a fleet of devices makes them, the same at every call: each device listens to its commands
 * and to its group's news; each group of a hundred has thirteen dashboards, which listen to its devices with wildcards in
 * different places; and five applications listen to all devices. So a device's status has eighteen listeners.
 */
public final class Fleet {
    /** Who listens to what one device reports. */
    public static final int LISTENERS = 18;

    private static final int DEVICES_PER_GROUP = 100;
    private static final int APPLICATIONS = 5;
    private static final int DASHBOARDS = LISTENERS - APPLICATIONS;
    private static final int PER_GROUP = 2 * DEVICES_PER_GROUP + DASHBOARDS;

    private Fleet() {}

    /** Where a device reports. */
    public static String status(int device) {
        return "fleet/" + group(device) + "/device-" + device + "/status";
    }

    /** Where one device is told something: it listens, and three dashboards. */
    public static String command(int device) {
        return "fleet/" + group(device) + "/device-" + device + "/command/reboot";
    }

    /** Where the devices of a group are told something: they listen, and three dashboards. */
    public static String groupNews(int device) {
        return "fleet/" + group(device) + "/news";
    }

    /** As deep as the others, with levels that many filters have, but nobody listens. */
    public static String unheard(int device) {
        return "plant/" + group(device) + "/device-" + device + "/humidity";
    }

    private static int group(int device) {
        return device / DEVICES_PER_GROUP;
    }

    /** Devices that make about so many subscriptions; at least one group of them. */
    public static int devices(int subscriptions) {
        return groups(subscriptions) * DEVICES_PER_GROUP;
    }

    private static int groups(int subscriptions) {
        return Math.max(1, (subscriptions - APPLICATIONS + PER_GROUP - 1) / PER_GROUP);
    }

    /** Their number: {@link #subscribe} numbers them from 0. */
    public static int clients(int subscriptions) {
        return groups(subscriptions) * (DEVICES_PER_GROUP + DASHBOARDS) + APPLICATIONS;
    }

    /**
     * Tells about so many subscriptions.
     *
     * @return how many there were
     */
    public static int subscribe(int subscriptions, ObjIntConsumer<String> filterOfClient) {
        int groups = groups(subscriptions);
        int client = 0;
        for (; client < APPLICATIONS; client++) {
            filterOfClient.accept("fleet/+/+/status", client);
        }
        for (int group = 0; group < groups; group++) {
            for (int i = 0; i < DEVICES_PER_GROUP; i++, client++) {
                int device = group * DEVICES_PER_GROUP + i;
                filterOfClient.accept(commands(device), client);
                filterOfClient.accept(groupNews(device), client);
            }
            for (int i = 0; i < DASHBOARDS; i++, client++) {
                filterOfClient.accept(dashboard(group, i), client);
            }
        }
        return APPLICATIONS + groups * PER_GROUP;
    }

    /** What a device listens to for its commands; a device that doesn't exist yet brings a new level. */
    public static String commands(int device) {
        return "fleet/" + group(device) + "/device-" + device + "/command/#";
    }

    private static String dashboard(int group, int number) {
        return switch (number % 4) {
            case 0 -> "fleet/" + group + "/+/status";
            case 1 -> "fleet/" + group + "/#";
            case 2 -> "+/" + group + "/+/status";
            default -> "fleet/" + group + "/+/+";
        };
    }

    /** Topics of devices by chance. */
    public static String[] topics(int count, int subscriptions, long seed, IntFunction<String> ofDevice) {
        SplittableRandom random = new SplittableRandom(seed);
        int devices = devices(subscriptions);
        String[] topics = new String[count];
        for (int i = 0; i < count; i++) {
            topics[i] = ofDevice.apply(random.nextInt(devices));
        }
        return topics;
    }
}
