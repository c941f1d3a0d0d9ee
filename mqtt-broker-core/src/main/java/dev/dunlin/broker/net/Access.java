package dev.dunlin.broker.net;

import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.Authorizer;
import dev.dunlin.broker.spi.Features;
import org.jspecify.annotations.Nullable;

/**
 * Who comes in through a listener, and what they may do.
 *
 * @param authorizer null for everything
 * @param features what of MQTT they may use
 */
public record Access(Authenticator authenticator, @Nullable Authorizer authorizer, Features features) {

    /** With all of MQTT. */
    public Access(Authenticator authenticator, @Nullable Authorizer authorizer) {
        this(authenticator, authorizer, Features.ALL);
    }
}
