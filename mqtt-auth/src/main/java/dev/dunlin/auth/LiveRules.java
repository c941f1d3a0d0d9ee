package dev.dunlin.auth;

import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Permissions;

/** The rules that hold now, for permissions that were given out before as well. */
final class LiveRules {
    /** Swapped as a whole. */
    volatile AccessRules now;

    LiveRules(AccessRules first) {
        now = first;
    }

    Permissions permissions(ClientInfo client) {
        return new LivePermissions(this, client.identity().name(), client.clientId());
    }
}
