package dev.dunlin.auth;

import dev.dunlin.broker.spi.Authorizer;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Permissions;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** What an authorizer says of a client, in few words. */
final class Asked {
    private Asked() {}

    static Permissions of(Authorizer authorizer, String user, String clientId) {
        return of(authorizer, new Identity(user), clientId);
    }

    static Permissions of(Authorizer authorizer, Identity identity, String clientId) {
        ClientInfo client = new ClientInfo(
                clientId, identity, MqttVersion.V5, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), "tcp");
        return authorizer.permissions(client).toCompletableFuture().join();
    }

    /** {@code rw}, {@code r}, {@code w} or nothing. */
    static String access(Permissions permissions, String topic) {
        return (permissions.mayReceive(topic) ? "r" : "")
                + (permissions.mayPublish(topic, QoS.AT_LEAST_ONCE, false) ? "w" : "");
    }
}
