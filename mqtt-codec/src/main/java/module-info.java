/** Zero-copy MQTT codec on Netty buffers: bytes to packets and back, for brokers and clients. */
@org.jspecify.annotations.NullMarked
module dev.dunlin.codec {
    requires transitive io.netty.buffer;
    requires transitive io.netty.codec;
    requires transitive io.netty.transport;
    requires io.netty.common;
    requires static transitive org.jspecify;

    exports dev.dunlin.codec;
}
