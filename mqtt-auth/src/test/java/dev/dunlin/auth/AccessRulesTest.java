package dev.dunlin.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.dunlin.broker.spi.Permissions;
import dev.dunlin.codec.QoS;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What rules grant, and what no name makes of them. */
final class AccessRulesTest {
    private static String access(AccessRules.Section rules, String user, String clientId, String topic) {
        return Asked.access(Asked.of(rules.build(), user, clientId), topic);
    }

    // ---- what rules say

    @Test
    void grantsWhatTheRulesOfTheUserSay() {
        AccessRules rules = AccessRules.builder()
                .user("ann")
                .readWrite("a/#")
                .deny("a/secret")
                .read("r")
                .write("w")
                .anonymous()
                .read("public/#")
                .pattern()
                .read("dev/%c/#")
                .build();
        Permissions ann = Asked.of(rules, "ann", "c1");
        assertThat(Asked.access(ann, "a/b/c")).isEqualTo("rw");
        assertThat(Asked.access(ann, "a")).isEqualTo("rw");
        assertThat(Asked.access(ann, "a/secret")).isEmpty();
        assertThat(Asked.access(ann, "r")).isEqualTo("r");
        assertThat(Asked.access(ann, "w")).isEqualTo("w");
        assertThat(Asked.access(ann, "public/x")).isEmpty();
        assertThat(Asked.access(ann, "dev/c1/x")).isEqualTo("r");
        assertThat(Asked.access(ann, "dev/c2/x")).isEmpty();
        Permissions nobody = Asked.of(rules, "", "c1");
        assertThat(Asked.access(nobody, "public/x")).isEqualTo("r");
        assertThat(Asked.access(nobody, "a/b")).isEmpty();
        assertThat(Asked.access(Asked.of(rules, "bob", "c1"), "public/x")).isEmpty();
    }

    @Test
    void grantsNothingWithoutRules() {
        Permissions none = Asked.of(AccessRules.builder().build(), "ann", "c");
        assertThat(Asked.access(none, "a")).isEmpty();
        assertThat(none.maySubscribe("#")).isTrue(); // nothing will come
    }

    @Test
    void denialsOfPatternsLeaveWhatTheUserIsGranted() {
        AccessRules.Section rules = AccessRules.builder()
                .user("ann")
                .write("a/x")
                .pattern()
                .read("a/#")
                .deny("a/x");
        assertThat(access(rules, "ann", "c", "a/x")).isEqualTo("w");
        assertThat(access(rules, "ann", "c", "a/y")).isEqualTo("r");
        assertThat(access(rules, "bob", "c", "a/x")).isEmpty();
    }

    @Test
    void wildcardsLeaveTopicsWithADollarAlone() {
        for (String filter : List.of("#", "+/x", "+/#", "$other/#")) {
            assertThat(access(AccessRules.builder().user("ann").readWrite(filter), "ann", "c", "$SYS/x"))
                    .as(filter)
                    .isEmpty();
        }
        assertThat(access(AccessRules.builder().user("ann").read("$SYS/#"), "ann", "c", "$SYS/x"))
                .isEqualTo("r");
        assertThat(access(AccessRules.builder().user("ann").read("$SYS/+"), "ann", "c", "$SYS/x"))
                .isEqualTo("r");
    }

    @Test
    void whatIsBuiltDoesNotChange() {
        AccessRules.Builder builder = AccessRules.builder();
        builder.user("ann").read("a");
        AccessRules before = builder.build();
        builder.user("ann").read("b");
        builder.pattern().read("c");
        assertThat(Asked.access(Asked.of(before, "ann", "c"), "b")).isEmpty();
        assertThat(Asked.access(Asked.of(before, "ann", "c"), "c")).isEmpty();
        assertThat(Asked.access(Asked.of(builder.build(), "ann", "c"), "b")).isEqualTo("r");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a/#/b", "a+", "#a", "a\0b"})
    void refusesAFilterThatIsNone(String filter) {
        AccessRules.Section section = AccessRules.builder().user("ann");
        assertThatThrownBy(() -> section.read(filter)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesMoreLevelsThanMosquittoDoes() {
        AccessRules.Section section = AccessRules.builder().user("ann");
        assertThat(access(section.read("a" + "/a".repeat(199)), "ann", "c", "a" + "/a".repeat(199)))
                .isEqualTo("r");
        assertThatThrownBy(() -> section.read("a" + "/a".repeat(200))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> AccessRules.builder().user("")).isInstanceOf(IllegalArgumentException.class);
    }

    // ---- names that attack

    private static final AccessRules.Section OWN = AccessRules.builder()
            .pattern()
            .readWrite("dev/%c/x")
            .readWrite("usr/%u/#")
            .readWrite("%c/#")
            .readWrite("%u%c/y")
            .read("all/#")
            .deny("all/not/%c");

    @Test
    void aPatternIsForTheClientsOwnName() {
        assertThat(access(OWN, "ann", "c1", "dev/c1/x")).isEqualTo("rw");
        assertThat(access(OWN, "ann", "c1", "usr/ann/x/y")).isEqualTo("rw");
        assertThat(access(OWN, "ann", "c1", "c1/x")).isEqualTo("rw");
        assertThat(access(OWN, "ann", "c1", "annc1/y")).isEqualTo("rw");
        assertThat(access(OWN, "ann", "c1", "all/x")).isEqualTo("r");
        assertThat(access(OWN, "ann", "c1", "all/not/c1")).isEmpty();
        assertThat(access(OWN, "ann", "c1", "all/not/c2")).isEqualTo("r");
        assertThat(access(OWN, "ann", "c1", "dev/c2/x")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"+", "#", "c1+", "a#b", "/+/", "+/#"})
    void toANameWithAWildcardPatternsGrantNothing(String name) {
        for (String topic : List.of("dev/c1/x", "dev/+/x", "dev/" + name + "/x", "usr/ann/x", "c1/x", "all/x", name)) {
            assertThat(access(OWN, "ann", name, topic)).as(topic).isEmpty();
            assertThat(access(OWN, name, "c1", topic)).as(topic).isEmpty();
        }
        assertThat(access(AccessRules.builder().user(name).read("own"), name, name, "own"))
                .isEqualTo("r");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/b", "/", "a/", "/a", "dev/c2", "c\0", "\0"})
    void aNameIsOneLevelOrNothing(String name) {
        for (String topic :
                List.of("dev/" + name + "/x", "usr/" + name + "/x", name + "/x", "dev/c2/x", name + "c1/y")) {
            assertThat(access(OWN, name, name, topic)).as(topic).isEmpty();
        }
        assertThat(access(OWN, name, name, "all/x")).isEqualTo("r"); // a pattern without the name
        assertThat(access(OWN, name, name, "all/not/" + name)).isEmpty(); // a denial is taken literally
    }

    @ParameterizedTest
    @CsvSource({"$SYS, $SYS/x", "$SYS, $SYS", "$share, $share/x", "$, $/x"})
    void noNameOpensWhatBeginsWithADollar(String name, String topic) {
        assertThat(access(OWN, name, name, topic)).isEmpty();
        assertThat(access(OWN, name, "c1", name + "c1/y")).isEmpty();
        assertThat(access(OWN, "ann", name, "dev/" + name + "/x")).isEqualTo("rw"); // inside, it is a name
        assertThat(access(AccessRules.builder().pattern().read("$own/%c"), "", name, "$own/" + name))
                .isEqualTo("r"); // whoever writes the rule may
    }

    @Test
    void anEmptyNameOpensNothing() {
        assertThat(access(OWN, "", "c1", "usr//x")).isEmpty();
        assertThat(access(OWN, "", "c1", "usr/%u/x")).isEmpty();
        assertThat(access(OWN, "", "c1", "c1/y")).isEqualTo("rw"); // by %c/#
        assertThat(access(OWN, "ann", "", "dev//x")).isEmpty();
        assertThat(access(OWN, "ann", "", "/x")).isEmpty();
        assertThat(access(OWN, "ann", "", "ann/y")).isEmpty();
        assertThat(access(OWN, "", "", "all/x")).isEqualTo("r");
    }

    @Test
    void aNameIsNotReadAsAPattern() {
        assertThat(access(OWN, "%c", "c1", "usr/c1/x")).isEmpty();
        assertThat(access(OWN, "%c", "c1", "usr/%c/x")).isEqualTo("rw");
        assertThat(access(OWN, "ann", "%u", "dev/ann/x")).isEmpty();
        assertThat(access(OWN, "ann", "%", "%/x")).isEqualTo("rw");
        assertThat(access(OWN, "c", "%", "%c/x")).isEmpty();
    }

    @Test
    void namesOfTopicsAreNoPatterns() {
        AccessRules.Section rules = AccessRules.builder().user("ann").read("dev/%c");
        assertThat(access(rules, "ann", "c1", "dev/c1")).isEmpty();
        assertThat(access(rules, "ann", "c1", "dev/%c")).isEqualTo("r");
    }

    @Test
    void aNameOfAllSlashesIsHarmless() {
        String name = "/".repeat(65_000);
        assertThat(access(OWN, "ann", name, "all/not/" + name)).isEmpty();
        assertThat(access(OWN, "ann", name, "all/" + "/".repeat(65_000))).isEqualTo("r");
    }

    // ---- what may be subscribed to

    @Test
    void whereSubscriptionsAreSpokenOfTheyMustBeCovered() {
        AccessRules rules = AccessRules.builder()
                .user("ann")
                .read("#")
                .subscribe("a/#")
                .user("bob")
                .read("#")
                .pattern()
                .subscribe("b/%c")
                .build();
        Permissions ann = Asked.of(rules, "ann", "c1");
        assertThat(List.of("a", "a/#", "a/+", "a/b/c", "b/c1")).allMatch(ann::maySubscribe);
        assertThat(List.of("#", "+/a", "b/+", "b/c2", "b/c1/#", "$SYS/#")).noneMatch(ann::maySubscribe);
        assertThat(Asked.of(rules, "bob", "c1").maySubscribe("a")).isFalse();
        assertThat(Asked.access(ann, "c")).isEqualTo("r"); // says nothing of what is read
        assertThat(Asked.access(Asked.of(rules, "eve", "c1"), "b/c1")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"+", "#", "a/b", "", "$SYS"})
    void aNameThatCantBePutInCoversNothing(String name) {
        AccessRules rules = AccessRules.builder()
                .pattern()
                .subscribe("%c/#")
                .subscribe("%u")
                .build();
        Permissions permissions = Asked.of(rules, name, name);
        assertThat(List.of("#", "+", "+/#", "a", "a/b", "$SYS/#", "$SYS")).noneMatch(permissions::maySubscribe);
    }

    /** On all filters of up to three levels: covered is what matches no more topics. */
    @Test
    void aFilterCoversThoseThatMatchNoMore() {
        List<String> topics = levels(List.of("a", "b", "", "$x"), 4);
        List<String> filters = new ArrayList<>(levels(List.of("a", "", "+", "$x"), 3));
        levels(List.of("a", "", "+", "$x"), 2).forEach(filter -> filters.add(filter + "/#"));
        filters.add("#");
        filters.removeIf(String::isEmpty);
        for (String rule : filters) {
            for (String filter : filters) {
                boolean noMore = topics.stream().allMatch(topic -> !matches(filter, topic) || matches(rule, topic));
                assertThat(Filters.covers(rule, filter))
                        .as("%s covers %s", rule, filter)
                        .isEqualTo(noMore);
            }
        }
    }

    private static List<String> levels(List<String> names, int max) {
        List<String> all = new ArrayList<>(names);
        List<String> longest = names;
        for (int i = 1; i < max; i++) {
            List<String> longer = new ArrayList<>();
            for (String start : longest) {
                names.forEach(name -> longer.add(start + "/" + name));
            }
            all.addAll(longer);
            longest = longer;
        }
        return all;
    }

    // ---- the tree

    @Test
    void askedAgainAboutATopicNothingIsAllocated() {
        Permissions ann = Asked.of(OWN.build(), "ann", "c1");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        assertThat(ann.mayReceive("dev/c1/x")).isTrue();
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        int granted = 0;
        for (int i = 0; i < 10_000; i++) {
            granted += ann.mayReceive("dev/c1/x") && ann.mayPublish("dev/c1/x", QoS.AT_MOST_ONCE, false) ? 1 : 0;
        }
        long bytes = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
        assertThat(granted).isEqualTo(10_000);
        assertThat(bytes).as("bytes for 20,000 questions").isLessThan(20_000);
    }

    @Test
    void afterAChangeTheRulesOfAClientAreMadeOnceAndNotForEachFilter() {
        AccessRules.Builder many = AccessRules.builder();
        for (int i = 0; i < 1_000; i++) {
            many.pattern().read("dev/%c/" + i);
        }
        LiveRules rules = new LiveRules(OWN.build());
        LivePermissions ann = new LivePermissions(rules, "ann", "c1");
        rules.now = many.build();
        assertThat(ann.maySubscribe("dev/#")).isTrue();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        int granted = 0;
        for (int i = 0; i < 100; i++) {
            granted += ann.maySubscribe("dev/c1/x") ? 1 : 0;
        }
        long bytes = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
        assertThat(granted).isEqualTo(100);
        assertThat(bytes).as("bytes for 100 filters").isLessThan(20_000);
    }

    @Test
    void findsWhatALookAtEachRuleFinds() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        List<String> names = List.of("a", "b", "c", "Aa", "BB", "", "$x"); // Aa and BB have one hash
        List<String> filterNames = new ArrayList<>(names);
        filterNames.add("+");
        for (int round = 0; round < 300; round++) {
            RuleTree tree = new RuleTree();
            List<String> filters = new ArrayList<>();
            List<Integer> bits = new ArrayList<>();
            for (int i = random.nextInt(40); i >= 0; i--) {
                String filter = path(random, filterNames) + (random.nextInt(4) == 0 ? "/#" : "");
                filters.add(random.nextInt(20) == 0 ? "#" : filter);
                bits.add(1 << random.nextInt(3));
                tree.add(filters.get(filters.size() - 1), bits.get(bits.size() - 1));
            }
            for (int i = 0; i < 100; i++) {
                String path = path(random, names);
                String topic = path.isEmpty() ? "a" : path;
                int expected = 0;
                for (int j = 0; j < filters.size(); j++) {
                    expected |= matches(filters.get(j), topic) ? bits.get(j) : 0;
                }
                assertThat(tree.match(topic))
                        .as("seed %d: '%s' among %s", seed, topic, filters)
                        .isEqualTo(expected);
            }
        }
    }

    private static String path(Random random, List<String> names) {
        List<String> levels = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            levels.add(names.get(random.nextInt(names.size())));
        }
        return String.join("/", levels);
    }

    /** By the words of the specification. */
    private static boolean matches(String filter, String topic) {
        String[] wanted = filter.split("/", -1);
        String[] given = topic.split("/", -1);
        if (topic.startsWith("$") && (wanted[0].equals("#") || wanted[0].equals("+"))) {
            return false;
        }
        for (int i = 0; i < wanted.length; i++) {
            if (wanted[i].equals("#")) {
                return given.length >= i;
            }
            if (i >= given.length || !(wanted[i].equals("+") || wanted[i].equals(given[i]))) {
                return false;
            }
        }
        return wanted.length == given.length;
    }
}
