/** The embeddable MQTT broker. Start with {@link dev.dunlin.broker.Broker}. */
@org.jspecify.annotations.NullMarked
module dev.dunlin.broker {
    requires transitive dev.dunlin.codec;
    requires io.netty.codec;
    requires io.netty.codec.http;
    requires io.netty.common;
    requires static io.netty.codec.haproxy;
    requires io.netty.handler;
    requires io.netty.transport;
    requires java.naming;
    requires static jdk.jfr;
    requires static io.netty.transport.classes.epoll;
    requires static io.netty.transport.unix.common;
    requires org.slf4j;
    requires static org.jspecify;

    exports dev.dunlin.broker;
    exports dev.dunlin.broker.spi;
}
