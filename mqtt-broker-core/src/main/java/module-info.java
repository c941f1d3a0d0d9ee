/** The embeddable MQTT broker. Start with {@link dev.dunlin.broker.Broker}. */
@org.jspecify.annotations.NullMarked
module dev.dunlin.broker {
    requires transitive dev.dunlin.codec;
    requires io.netty.codec;
    requires io.netty.codec.http;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;
    requires java.naming;
    requires static io.netty.transport.classes.epoll;
    requires org.slf4j;
    requires static org.jspecify;

    exports dev.dunlin.broker;
    exports dev.dunlin.broker.spi;
}
