package dev.dunlin.broker.spi;

import dev.dunlin.codec.QoS;

/**
 * What one client may do. Asked for each message on its way in and out: the answer may change at any time, and holds from then
 * on, also for what subscriptions that exist are sent, and for messages that are queued.
 *
 * <p>Any event loop, several at once; must neither block nor throw. What throws is a no, and is logged. The same question has
 * the same answer until something has changed: a rate limit doesn't belong here.
 */
public interface Permissions {
    /** Everything. */
    Permissions ALL = new Permissions() {
        @Override
        public boolean mayPublish(String topic, QoS qos, boolean retain) {
            return true;
        }

        @Override
        public boolean mayReceive(String topic) {
            return true;
        }
    };

    /**
     * Whether it may publish this. If not, a 5.0 client gets 0x87 (not authorized) for QoS 1 and 2, one of 3.1 or 3.1.1 an
     * acknowledgement like any other [3.1.1:MQTT-3.3.5-2]; nobody gets the message. Wills are asked about
     * when they are published.
     *
     * @param topic a valid topic name
     * @param retain whether it is to be retained
     */
    boolean mayPublish(String topic, QoS qos, boolean retain);

    /**
     * Whether it may be sent a message with this topic: live, queued, retained, or as a member of a shared group. If not, it is
     * not sent, and accounted for as {@link DropReason#NOT_AUTHORIZED}; but for retained messages, which nobody has
     * published to it.
     */
    boolean mayReceive(String topic);

    /**
     * Whether it may subscribe. If not, the filter gets 0x87 (not authorized), for 3.1.1 and 3.1 0x80 (failure). It may,
     * unless this is overridden: what it then is sent, {@link #mayReceive} says topic by topic.
     *
     * @param filter a valid topic filter; of a shared subscription what follows {@code $share/name/}
     */
    default boolean maySubscribe(String filter) {
        return true;
    }
}
