package dev.dunlin.benchmarks;

import java.util.function.Consumer;

/** Subscriptions and a topic that somebody could make up to keep a broker busy. */
public enum PathologicalFilters {
    /** All filters of ten levels, each the topic's or '+': no two share a path to their ends. */
    EVERY_PLUS {
        @Override
        void filters(int size, Consumer<String> each) {
            for (int set = 0; set < 1 << PLUS_LEVELS; set++) {
                StringBuilder filter = new StringBuilder();
                for (int level = 0; level < PLUS_LEVELS; level++) {
                    filter.append(level == 0 ? "" : "/").append((set >> level & 1) == 0 ? "a" : "+");
                }
                each.accept(filter.toString());
            }
        }

        @Override
        String topic(int size) {
            return repeated("a", PLUS_LEVELS);
        }

        @Override
        int matches(int size) {
            return 1 << PLUS_LEVELS;
        }
    },

    /** The same, but the filters end in a level that the topic hasn't: a long way to nothing. */
    EVERY_PLUS_IN_VAIN {
        @Override
        void filters(int size, Consumer<String> each) {
            EVERY_PLUS.filters(size, filter -> each.accept(filter + "/b"));
        }

        @Override
        String topic(int size) {
            return repeated("a", PLUS_LEVELS) + "/c";
        }

        @Override
        int matches(int size) {
            return 0;
        }
    },

    /** '+', '+/+' and so on, 128 levels deep. */
    PLUSES {
        @Override
        void filters(int size, Consumer<String> each) {
            for (int levels = 1; levels <= LEVELS; levels++) {
                each.accept(repeated("+", levels));
            }
        }

        @Override
        String topic(int size) {
            return repeated("a", LEVELS);
        }

        @Override
        int matches(int size) {
            return 1;
        }
    },

    /** 'a/#', 'a/a/#' and so on, 128 levels deep, all of which match. */
    HASH_AT_EVERY_LEVEL {
        @Override
        void filters(int size, Consumer<String> each) {
            for (int levels = 1; levels <= LEVELS; levels++) {
                each.accept(repeated("a", levels) + "/#");
            }
        }

        @Override
        String topic(int size) {
            return repeated("a", LEVELS);
        }

        @Override
        int matches(int size) {
            return LEVELS;
        }
    },

    /** As many levels as fit into a filter; the topic has as many. */
    DEEPEST {
        @Override
        void filters(int size, Consumer<String> each) {
            each.accept(repeated("a", DEEPEST_LEVELS - 1) + "/+");
            each.accept(repeated("+", DEEPEST_LEVELS - 1) + "/b");
        }

        @Override
        String topic(int size) {
            return repeated("a", DEEPEST_LEVELS);
        }

        @Override
        int matches(int size) {
            return 1;
        }
    },

    /** One topic that all listen to. */
    CROWD {
        @Override
        void filters(int size, Consumer<String> each) {
            for (int i = 0; i < size; i++) {
                each.accept("crowd");
            }
        }

        @Override
        String topic(int size) {
            return "crowd";
        }

        @Override
        int matches(int size) {
            return size;
        }
    },

    /** Names side by side, with and without a wildcard behind them. */
    SIBLINGS {
        @Override
        void filters(int size, Consumer<String> each) {
            for (int i = 0; i < size; i++) {
                each.accept(i % 2 == 0 ? "siblings/" + i / 2 : "siblings/" + i / 2 + "/#");
            }
        }

        @Override
        String topic(int size) {
            return "siblings/" + size / 4;
        }

        @Override
        int matches(int size) {
            return 2;
        }
    },

    /** Names of 200 characters that differ only at their ends. */
    SHARED_PREFIXES {
        @Override
        void filters(int size, Consumer<String> each) {
            for (int i = 0; i < size; i++) {
                each.accept(PREFIX + i + "/+");
            }
        }

        @Override
        String topic(int size) {
            return PREFIX + size / 2 + "/x";
        }

        @Override
        int matches(int size) {
            return 1;
        }
    },

    /** Names that all have one {@link String#hashCode}: 'Aa' and 'BB' have the same. */
    COLLISIONS {
        @Override
        void filters(int size, Consumer<String> each) {
            for (int i = 0; i < Math.min(size, 1 << COLLIDING_PAIRS); i++) {
                each.accept(colliding(i) + "/+");
            }
        }

        @Override
        String topic(int size) {
            return colliding(0) + "/x";
        }

        @Override
        int matches(int size) {
            return 1;
        }

        private String colliding(int number) {
            StringBuilder name = new StringBuilder();
            for (int pair = 0; pair < COLLIDING_PAIRS; pair++) {
                name.append((number >> pair & 1) == 0 ? "Aa" : "BB");
            }
            return name.toString();
        }
    };

    private static final int PLUS_LEVELS = 10;
    private static final int LEVELS = 128;
    private static final int DEEPEST_LEVELS = 32_767;
    private static final int COLLIDING_PAIRS = 16;
    private static final String PREFIX = "a".repeat(200);

    /** Tells the filters, each of another client; {@code size} of them where any number will do. */
    abstract void filters(int size, Consumer<String> each);

    /** What is published. */
    abstract String topic(int size);

    /** How many of the filters match it. */
    abstract int matches(int size);

    private static String repeated(String level, int levels) {
        return (level + '/').repeat(levels - 1) + level;
    }
}
