package dev.dunlin.broker.routing;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Topics and filters of few, short levels, so that they often meet; empty levels and '$' included. */
final class RandomTopics {
    private static final String[] LEVELS = {"a", "b", "ab", "", "$s", "é", "!"};
    private static final int LEVELS_MAX = 5;

    private final Random random;

    RandomTopics(Random random) {
        this.random = random;
    }

    String topic() {
        while (true) {
            StringJoiner topic = new StringJoiner("/");
            for (int i = random.nextInt(LEVELS_MAX); i >= 0; i--) {
                topic.add(level());
            }
            if (topic.length() > 0) {
                return topic.toString();
            }
        }
    }

    String filter() {
        while (true) {
            StringJoiner filter = new StringJoiner("/");
            for (int i = random.nextInt(LEVELS_MAX); i >= 0; i--) {
                boolean last = i == 0;
                int kind = random.nextInt(8);
                filter.add(kind < 2 ? "+" : kind == 2 && last ? "#" : level());
            }
            if (filter.length() > 0) {
                return filter.toString();
            }
        }
    }

    List<String> filters(int count) {
        return Stream.generate(this::filter).limit(count).collect(Collectors.toCollection(ArrayList::new));
    }

    private String level() {
        return LEVELS[random.nextInt(LEVELS.length)];
    }
}
