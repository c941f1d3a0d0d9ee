package dev.dunlin.broker.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Deliveries that were not made: of one turn of an event loop, by client and reason. */
@Name("dunlin.Drop")
@Label("Dropped Messages")
@Category("Dunlin")
@Description("Deliveries that were not made, of one turn, by client and reason")
@StackTrace(false)
final class DropEvent extends Event {
    @Label("Client Identifier")
    String clientId = "";

    @Label("Last Topic")
    String topic = "";

    @Label("Reason")
    String reason = "";

    @Label("Count")
    long count;
}
