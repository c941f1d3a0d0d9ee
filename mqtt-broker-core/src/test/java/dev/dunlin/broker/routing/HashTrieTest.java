package dev.dunlin.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class HashTrieTest {

    @RepeatedTest(20)
    void behavesLikeAMapWhateverTheHashes() {
        Seeded.run(random -> {
            int hashMask = new int[] {0, 1, 0x8000_0001, 0xC000_0000, 0xFF, -1}[random.nextInt(6)];
            HashTrie<Entry> trie = HashTrie.empty();
            Map<Integer, Entry> model = new HashMap<>();
            for (int i = 0; i < 2_000; i++) {
                Entry entry = new Entry(random.nextInt(200), hashMask);
                boolean add = random.nextInt(100) < (i < 1_000 ? 60 : 35);
                trie = add ? trie.with(entry) : trie.without(entry);
                Entry before = add ? model.put(entry.id, entry) : model.remove(entry.id);
                assertThat(trie.isEmpty()).isEqualTo(model.isEmpty());
                assertThat(trie.find(entry)).isSameAs(model.get(entry.id));
                assertThat(before).isNotSameAs(entry);
                if (i % 50 == 0) {
                    assertThat(entries(trie)).containsExactlyInAnyOrderElementsOf(model.values());
                }
            }
        });
    }

    @Test
    void changesNothingThatWasThereBefore() {
        HashTrie<Entry> before = HashTrie.<Entry>empty().with(new Entry(1, -1)).with(new Entry(2, -1));
        List<Entry> entries = entries(before);

        before.with(new Entry(3, -1));
        before.with(new Entry(1, -1));
        before.without(new Entry(2, -1));

        assertThat(entries(before)).isEqualTo(entries);
    }

    @Test
    void isTheSameObjectWithoutWhatItDoesNotHave() {
        HashTrie<Entry> trie = HashTrie.empty();
        for (int i = 0; i < 100; i++) {
            trie = trie.with(new Entry(i, 0xF));
        }

        for (int i = 100; i < 200; i++) {
            assertThat(trie.without(new Entry(i, -1))).isSameAs(trie);
        }
    }

    @Test
    void isTheEmptyOneAgainAfterTheLast() {
        HashTrie<Entry> trie = HashTrie.empty();
        for (int i = 0; i < 100; i++) {
            trie = trie.with(new Entry(i, 1));
        }
        for (int i = 0; i < 100; i++) {
            trie = trie.without(new Entry(i, 1));
        }

        assertThat(trie).isSameAs(HashTrie.empty());
    }

    private static List<Entry> entries(HashTrie<Entry> trie) {
        List<Entry> entries = new ArrayList<>();
        trie.forEach(entries::add);
        return entries;
    }

    private static final class Entry extends HashTrie.Key<Entry> {
        private final int id;
        private final int hash;

        Entry(int id, int hashMask) {
            this.id = id;
            this.hash = id * 0x9E3779B9 & hashMask;
        }

        @Override
        int hash() {
            return hash;
        }

        @Override
        boolean matches(Entry entry) {
            return id == entry.id;
        }
    }
}
