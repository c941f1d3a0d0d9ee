package dev.dunlin.broker.events;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Changes that were written into the store together, and synced if they were to be. */
@Name("dunlin.Commit")
@Label("Commit Group")
@Category("Dunlin")
@Description("Changes written into the store together")
@StackTrace(false)
final class CommitEvent extends Event implements Flight.Span {
    @DataAmount
    @Label("Bytes")
    long bytes;

    @Label("Operations")
    int operations;
}
