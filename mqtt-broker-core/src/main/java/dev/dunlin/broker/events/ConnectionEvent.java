package dev.dunlin.broker.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A connection of a client, from its CONNECT to its end. */
@Name("dunlin.Connection")
@Label("MQTT Connection")
@Category("Dunlin")
@Description("From CONNECT to the end of the connection")
@StackTrace(false)
final class ConnectionEvent extends Event implements Flight.Span {
    @Label("Client Identifier")
    String clientId = "";

    @Label("Listener")
    String listener = "";

    @Label("Cause of the End")
    String cause = "";
}
