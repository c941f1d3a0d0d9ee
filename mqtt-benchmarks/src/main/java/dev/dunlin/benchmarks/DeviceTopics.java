package dev.dunlin.benchmarks;

import dev.dunlin.broker.routing.Destination;
import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.SubscriptionTree;
import dev.dunlin.codec.QoS;

/**
 * Subscriptions as a fleet of devices makes them: each device listens to its commands and its group's, and a few
 * applications listen to all devices.
 */
final class DeviceTopics {
    private static final int DEVICES_PER_GROUP = 100;
    private static final int APPLICATIONS = 5;

    private DeviceTopics() {}

    /** Where a device reports; every application listens. */
    static String status(int device) {
        return "fleet/" + group(device) + "/device-" + device + "/status";
    }

    /** Where one device is told something. */
    static String command(int device) {
        return "fleet/" + group(device) + "/device-" + device + "/command/reboot";
    }

    /** Where the devices of a group are told something. */
    static String groupNews(int device) {
        return "fleet/" + group(device) + "/news";
    }

    private static int group(int device) {
        return device / DEVICES_PER_GROUP;
    }

    /** Two subscriptions per device, and one per application. Returns the number of devices. */
    static int subscribe(SubscriptionTree tree, int subscriptions, int loops) {
        int devices = (subscriptions - APPLICATIONS) / 2;
        for (int i = 0; i < devices; i++) {
            Destination device = new Home(i % loops);
            add(tree, device, "fleet/" + group(i) + "/device-" + i + "/command/#");
            add(tree, device, groupNews(i));
        }
        for (int i = 0; i < APPLICATIONS; i++) {
            add(tree, new Home(i % loops), "fleet/+/+/status");
        }
        return devices;
    }

    private static void add(SubscriptionTree tree, Destination destination, String filter) {
        tree.add(new Subscription(destination, filter, QoS.AT_LEAST_ONCE, false, false, 0));
    }

    private record Home(int loopIndex) implements Destination {
        @Override
        public boolean isPersistent() {
            return false;
        }

        @Override
        public boolean equals(Object other) {
            return this == other; // a destination is one object
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }
}
