package dev.dunlin.store.mapdb;

import java.io.File;
import java.nio.ByteBuffer;
import org.mapdb.DataInput2;
import org.mapdb.volume.Volume;
import org.mapdb.volume.VolumeFactory;

/** What MapDB asks of the place where it keeps its bytes, brought down to reading and writing ranges of them. */
abstract class RangeVolume extends Volume {

    /** Fills a range of an array with the bytes from an offset on. */
    abstract void read(long offset, byte[] target, int at, int length);

    /** Writes a range of an array to an offset. */
    abstract void write(long offset, byte[] source, int at, int length);

    /** For a store that lies in this volume and in no other. */
    final VolumeFactory factory(boolean exists) {
        return VolumeFactory.wrap(this, exists);
    }

    @Override
    public final void putLong(long offset, long value) {
        write(offset, ByteBuffer.allocate(Long.BYTES).putLong(value).array(), 0, Long.BYTES);
    }

    @Override
    public final void putInt(long offset, int value) {
        write(offset, ByteBuffer.allocate(Integer.BYTES).putInt(value).array(), 0, Integer.BYTES);
    }

    @Override
    public final void putByte(long offset, byte value) {
        write(offset, new byte[] {value}, 0, 1);
    }

    @Override
    public final void putData(long offset, byte[] source, int at, int length) {
        write(offset, source, at, length);
    }

    @Override
    public final void putData(long offset, ByteBuffer source) {
        byte[] bytes = new byte[source.remaining()];
        source.get(bytes);
        write(offset, bytes, 0, bytes.length);
    }

    @Override
    public final long getLong(long offset) {
        return ByteBuffer.wrap(bytes(offset, Long.BYTES)).getLong();
    }

    @Override
    public final int getInt(long offset) {
        return ByteBuffer.wrap(bytes(offset, Integer.BYTES)).getInt();
    }

    @Override
    public final byte getByte(long offset) {
        return bytes(offset, 1)[0];
    }

    @Override
    public final DataInput2 getDataInput(long offset, int length) {
        return new DataInput2.ByteArray(bytes(offset, length));
    }

    @Override
    public final void getData(long offset, byte[] target, int at, int length) {
        read(offset, target, at, length);
    }

    @Override
    public final void clear(long from, long to) {
        byte[] zeros = new byte[(int) (to - from)];
        write(from, zeros, 0, zeros.length);
    }

    @Override
    public final int sliceSize() {
        return -1;
    }

    @Override
    public final boolean isSliced() {
        return false;
    }

    /** None: the folder has a lock, not its files. */
    @Override
    public final boolean getFileLocked() {
        return false;
    }

    /** None that MapDB should know of: it would delete it. */
    @Override
    @SuppressWarnings("NullAway") // MapDB's volumes in memory do the same
    public final File getFile() {
        return null;
    }

    private byte[] bytes(long offset, int length) {
        byte[] bytes = new byte[length];
        read(offset, bytes, 0, length);
        return bytes;
    }
}
