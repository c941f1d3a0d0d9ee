package dev.dunlin.broker.spi;

/** How safe a message is when its acknowledgement leaves: the PUBACK, PUBREC, SUBACK or CONNACK waits for it. */
public enum Durability {
    /** In memory only: all is gone with the process. The only level without a storage engine. */
    MEMORY,
    /**
     * Handed to the operating system: survives the end of the process, {@code kill -9} too, but not that of the machine.
     * Reaches the disk within a second.
     */
    PROCESS,
    /** On the disk: survives a power cut. The default with a storage engine. */
    POWER
}
