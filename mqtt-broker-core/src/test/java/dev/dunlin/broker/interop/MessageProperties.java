package dev.dunlin.broker.interop;

import java.util.List;
import java.util.Map;

/**
 * The 5.0 properties of a message; an empty text stands for none.
 *
 * @param expirySeconds 0 for none
 * @param subscriptionIdentifier of a message received; 0 for none
 */
record MessageProperties(
        String contentType,
        String responseTopic,
        String correlation,
        List<Map.Entry<String, String>> user,
        long expirySeconds,
        int subscriptionIdentifier) {
    static final MessageProperties NONE = new MessageProperties("", "", "", List.of(), 0, 0);

    MessageProperties expiry(long seconds) {
        return new MessageProperties(contentType, responseTopic, correlation, user, seconds, subscriptionIdentifier);
    }

    MessageProperties subscription(int identifier) {
        return new MessageProperties(contentType, responseTopic, correlation, user, expirySeconds, identifier);
    }
}
