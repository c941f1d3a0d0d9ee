package dev.dunlin.broker.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;

/** A turn of an event loop that has taken long: what it has read, delivered and flushed. */
@Name("dunlin.SlowTurn")
@Label("Slow Turn of an Event Loop")
@Category("Dunlin")
@Description("Reading, delivering and flushing of one event loop, without its sleep")
@StackTrace(false)
@Threshold("20 ms")
final class SlowTurnEvent extends Event implements Flight.Span {
    @Label("Event Loop")
    int loop;
}
