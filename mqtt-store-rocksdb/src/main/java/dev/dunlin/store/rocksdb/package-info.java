/** The storage engine on RocksDB: one log, one tree of files per space, native memory of a bounded size. */
@NullMarked
package dev.dunlin.store.rocksdb;

import org.jspecify.annotations.NullMarked;
