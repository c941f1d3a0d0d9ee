package dev.dunlin.store.rocksdb;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.dunlin.broker.spi.Space;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.IndexType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileMetaData;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBufferManager;

/**
 * An open RocksDB with a column family per space, and how it is set up; docs/decisions/0005-rocksdb.md says why. All its native
 * objects belong to the given {@link Natives}.
 */
final class Database {
    private static final int BLOCK_BYTES = 8 << 10;
    /** Few and large parts: what is larger than a part is never cached. */
    private static final int CACHE_SHARD_BITS = 2;

    private static final double BLOOM_BITS_PER_KEY = 10;

    private final RocksDB db;
    private final Cache cache;
    private final ColumnFamilyHandle[] families;

    private Database(RocksDB db, Cache cache, List<ColumnFamilyHandle> families) {
        this.db = db;
        this.cache = cache;
        this.families = families.toArray(new ColumnFamilyHandle[0]);
    }

    /**
     * What the table files hold, without the log.
     *
     * @param sequence of the last change that they know of
     * @param stored up to which change they hold everything for certain
     * @param logFrom number of the first log file that is still needed
     */
    record Tables(long sequence, long stored, long logFrom) {}

    /**
     * Opens a database whose log is sound: any damage is refused.
     *
     * @param create whether it is a new one; otherwise missing files are an error
     */
    static Database open(Path dir, RocksDbOptions options, boolean create, Natives natives) throws RocksDBException {
        Cache cache = natives.own(new LRUCache(options.memoryBytes(), CACHE_SHARD_BITS));
        DBOptions dbOptions =
                dbOptions(options, cache, natives).setCreateIfMissing(create).setCreateMissingColumnFamilies(create);
        List<ColumnFamilyHandle> families = new ArrayList<>();
        RocksDB db =
                natives.own(RocksDB.open(dbOptions, dir.toString(), descriptors(options, cache, natives), families));
        families.forEach(natives::own);
        return new Database(db, cache, families);
    }

    /**
     * Looks at the table files and changes nothing.
     *
     * @param noLog an empty folder
     * @param whole whether to read them from beginning to end
     */
    static Tables look(Path dir, Path noLog, RocksDbOptions options, boolean whole) throws RocksDBException {
        try (Natives natives = new Natives()) {
            Cache cache = natives.own(new LRUCache(options.memoryBytes(), CACHE_SHARD_BITS));
            DBOptions dbOptions = dbOptions(options, cache, natives).setWalDir(noLog.toString());
            List<ColumnFamilyHandle> families = new ArrayList<>();
            RocksDB db = natives.own(
                    RocksDB.openReadOnly(dbOptions, dir.toString(), descriptors(options, cache, natives), families));
            families.forEach(natives::own);
            if (whole) {
                db.verifyChecksum();
            }
            long stored = db.getLiveFilesMetaData().stream()
                    .mapToLong(SstFileMetaData::largestSeqno)
                    .max()
                    .orElse(0);
            return new Tables(
                    db.getLatestSequenceNumber(), stored, db.getLongProperty("rocksdb.min-log-number-to-keep"));
        }
    }

    RocksDB db() {
        return db;
    }

    ColumnFamilyHandle family(Space space) {
        return families[space.ordinal()];
    }

    /** Bytes of its files: tables, blobs, and the log, which is about what lies in memory. */
    long diskBytes() throws RocksDBException {
        return db.getAggregatedLongProperty("rocksdb.total-sst-files-size")
                + db.getAggregatedLongProperty("rocksdb.total-blob-file-size")
                + db.getAggregatedLongProperty("rocksdb.cur-size-all-mem-tables");
    }

    /** Native memory in use: the cache is charged with writes, too. */
    long memoryBytes() throws RocksDBException {
        return cache.getUsage() + db.getAggregatedLongProperty("rocksdb.estimate-table-readers-mem");
    }

    private static List<ColumnFamilyDescriptor> descriptors(RocksDbOptions options, Cache cache, Natives natives) {
        List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
        for (Space space : Space.values()) {
            byte[] name = space.name().toLowerCase(Locale.ROOT).getBytes(US_ASCII);
            descriptors.add(new ColumnFamilyDescriptor(name, familyOptions(space, options, cache, natives)));
        }
        ColumnFamilyOptions unused = natives.own(new ColumnFamilyOptions());
        descriptors.add(new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, unused));
        return descriptors;
    }

    private static DBOptions dbOptions(RocksDbOptions options, Cache cache, Natives natives) {
        WriteBufferManager writes = natives.own(new WriteBufferManager(options.memoryBytes() / 2, cache));
        return natives.own(new DBOptions())
                .setParanoidChecks(true)
                .setWalRecoveryMode(WALRecoveryMode.AbsoluteConsistency)
                .setAvoidFlushDuringRecovery(false)
                .setAtomicFlush(true)
                .setUseFsync(false)
                .setMaxTotalWalSize(options.walBytesMax())
                .setWriteBufferManager(writes)
                .setMaxBackgroundJobs(options.backgroundThreads())
                .setMaxOpenFiles(options.openFilesMax())
                .setMaxBgErrorResumeCount(0)
                .setAllowConcurrentMemtableWrite(false)
                .setEnableWriteThreadAdaptiveYield(false)
                .setBytesPerSync(1 << 20)
                .setInfoLogLevel(InfoLogLevel.ERROR_LEVEL)
                .setMaxLogFileSize(1 << 20)
                .setKeepLogFileNum(2)
                .setStatsDumpPeriodSec(0)
                .setStatsPersistPeriodSec(0);
    }

    private static ColumnFamilyOptions familyOptions(
            Space space, RocksDbOptions options, Cache cache, Natives natives) {
        BlockBasedTableConfig tables = new BlockBasedTableConfig()
                .setBlockCache(cache)
                .setBlockSize(BLOCK_BYTES)
                .setCacheIndexAndFilterBlocks(true)
                .setIndexType(IndexType.kTwoLevelIndexSearch)
                .setPartitionFilters(true)
                .setPinL0FilterAndIndexBlocksInCache(true)
                .setFilterPolicy(natives.own(new BloomFilter(BLOOM_BITS_PER_KEY)));
        ColumnFamilyOptions family = natives.own(new ColumnFamilyOptions())
                .setTableFormatConfig(tables)
                .setWriteBufferSize(options.memoryBytes() / 2)
                .setCompressionType(CompressionType.LZ4_COMPRESSION);
        if (space == Space.MESSAGE || space == Space.RETAINED) {
            family.setEnableBlobFiles(true)
                    .setMinBlobSize(options.blobBytesMin())
                    .setBlobCompressionType(CompressionType.LZ4_COMPRESSION)
                    .setEnableBlobGarbageCollection(true);
        }
        return family;
    }
}
