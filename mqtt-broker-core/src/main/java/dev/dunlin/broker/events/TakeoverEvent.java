package dev.dunlin.broker.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A session that was taken over from another connection. */
@Name("dunlin.Takeover")
@Label("Session Takeover")
@Category("Dunlin")
@Description("A client has connected whose session had another connection")
@StackTrace(false)
final class TakeoverEvent extends Event {
    @Label("Client Identifier")
    String clientId = "";

    @Label("New Address")
    String by = "";
}
