/** The storage engine on MapDB: a journal of its own, changes in memory, and snapshots that are never changed. */
@NullMarked
package dev.dunlin.store.mapdb;

import org.jspecify.annotations.NullMarked;
