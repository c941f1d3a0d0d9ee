package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.codec.ReasonCode;

/**
 * What a session asks of the connection that serves it. Loop only. The connection lives in the room above (net), which
 * nobody here may import: hence this interface.
 */
public interface Link {

    /** Stops reading until {@link #resume} takes the reason away. Reasons add up; each counts once. */
    void pause(PauseReason reason);

    /** Takes a reason away; if none is left, what is already cumulated is decoded first. */
    void resume(PauseReason reason);

    /** Whether a pause reason holds that is not the client's own fault, so that it can't be blamed for not acknowledging. */
    boolean isPausedByUs();

    /** Ends the connection: DISCONNECT with the reason for 5.0, then close. Does nothing if it is closed already. */
    void disconnect(ReasonCode reason, String text);

    /** As {@link #disconnect(ReasonCode, String)}, and tells a 5.0 client to which server it should go. */
    void redirect(ReasonCode reason, String serverReference);

    /** Who it is. */
    ClientInfo client();

    /** The name of the listener by which it came. */
    String listener();

    /** The client identifier; empty as long as there was no CONNECT. */
    String clientId();

    /** The keep alive that it has, in seconds; 0 for none. */
    int keepAliveSeconds();
}
