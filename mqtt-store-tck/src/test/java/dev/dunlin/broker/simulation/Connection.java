package dev.dunlin.broker.simulation;

import io.netty.buffer.ByteBuf;

/** A client's side of a connection to the broker: in memory or over a socket. */
interface Connection {
    /** The client's end. */
    interface End {
        /** Bytes have come; they are the client's to release. */
        void received(ByteBuf bytes);

        /** The broker has closed the connection, or it has broken. */
        void ended(Connection one);
    }

    /** Sends a copy of the bytes. */
    void send(ByteBuf bytes);

    /** The client closes: what it has sent still arrives. */
    void end();

    /** The connection breaks: what hasn't arrived is lost on both ways. */
    void cut();

    /** The client is gone without a word: nobody tells the broker, and nobody makes anything of what it sends. */
    void abandon();

    /** Whether the broker knows that it is over. */
    boolean isBrokerEnded();
}
