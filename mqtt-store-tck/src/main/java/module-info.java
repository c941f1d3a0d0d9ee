/** The test kit of storage engines. Start with {@link dev.dunlin.store.tck.StorageEngineTck}. */
@org.jspecify.annotations.NullMarked
module dev.dunlin.store.tck {
    requires transitive dev.dunlin.broker;
    requires transitive org.junit.jupiter.api;
    requires org.junit.jupiter.params;
    requires org.assertj.core;
    requires static org.jspecify;

    exports dev.dunlin.store.tck;

    opens dev.dunlin.store.tck to
            org.junit.platform.commons;
}
