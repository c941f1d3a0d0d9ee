package dev.dunlin.broker.net;

import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.Authorizer;
import org.jspecify.annotations.Nullable;

/**
 * Who comes in through a listener, and what they may do.
 *
 * @param authorizer null for everything
 */
public record Access(Authenticator authenticator, @Nullable Authorizer authorizer) {}
