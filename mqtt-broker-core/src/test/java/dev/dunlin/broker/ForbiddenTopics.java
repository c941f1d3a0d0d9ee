package dev.dunlin.broker;

import dev.dunlin.broker.spi.Authorizer;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Permissions;
import dev.dunlin.codec.QoS;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** An authorizer that a test changes while the broker runs: everything is allowed that it doesn't forbid. */
final class ForbiddenTopics implements Authorizer {
    private final Set<String> publishing = ConcurrentHashMap.newKeySet();
    private final Set<String> receiving = ConcurrentHashMap.newKeySet();
    private final Set<String> subscribing = ConcurrentHashMap.newKeySet();
    private final List<ClientInfo> asked = new CopyOnWriteArrayList<>();

    @Override
    public CompletionStage<Permissions> permissions(ClientInfo client) {
        asked.add(client);
        return CompletableFuture.completedFuture(of(client));
    }

    Permissions of(ClientInfo client) {
        return new Permissions() {
            @Override
            public boolean mayPublish(String topic, QoS qos, boolean retain) {
                return !publishing.contains(client.clientId() + " " + topic);
            }

            @Override
            public boolean mayReceive(String topic) {
                return !receiving.contains(client.clientId() + " " + topic);
            }

            @Override
            public boolean maySubscribe(String filter) {
                return !subscribing.contains(client.clientId() + " " + filter);
            }
        };
    }

    /** The clients that it was asked about. */
    List<ClientInfo> asked() {
        return asked;
    }

    ForbiddenTopics publish(String clientId, String topic) {
        publishing.add(clientId + " " + topic);
        return this;
    }

    ForbiddenTopics receive(String clientId, String topic) {
        receiving.add(clientId + " " + topic);
        return this;
    }

    ForbiddenTopics subscribe(String clientId, String filter) {
        subscribing.add(clientId + " " + filter);
        return this;
    }

    /** Everything is allowed again. */
    void forgive() {
        publishing.clear();
        receiving.clear();
        subscribing.clear();
    }
}
