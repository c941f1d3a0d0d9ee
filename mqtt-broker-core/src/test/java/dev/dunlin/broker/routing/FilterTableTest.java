package dev.dunlin.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.QoS;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class FilterTableTest {
    private static final Destination SOMEBODY = new FakeDestination("somebody");

    private final FilterTable table = new FilterTable();

    /** Entries of a kind that few hashes are given to, so that searches are long and slots are used again. */
    @RepeatedTest(20)
    void holdsWhatIsPutAndNotRemoved() {
        Seeded.run(random -> {
            int hashes = 1 + random.nextInt(500);
            int spread = random.nextBoolean() ? 1 : 0x9E3779B9;
            List<List<Entry>> model = new ArrayList<>();
            for (int i = 0; i < hashes; i++) {
                model.add(new ArrayList<>());
            }
            for (int i = 0; i < 5_000; i++) {
                int number = random.nextInt(hashes);
                int hash = FilterTable.hash(((long) number * spread) << 32);
                List<Entry> entries = model.get(number);
                boolean add = random.nextInt(100) < (i < 2_500 ? 65 : 30);
                if (add) {
                    Entry added = entry();
                    table.put(hash, added);
                    entries.add(added);
                } else if (!entries.isEmpty() && random.nextBoolean()) {
                    Entry replacing = entry();
                    table.replace(hash, entries.remove(0), replacing);
                    entries.add(replacing);
                } else if (!entries.isEmpty()) {
                    table.remove(hash, entries.remove(0));
                }
                if (spread == 1 && number < 2) {
                    continue; // 0 and 1 are one
                }
                assertThat(of(hash)).isEqualTo(new HashSet<>(entries));
            }
            assertThat(table.size())
                    .isEqualTo(model.stream().mapToInt(List::size).sum());
            for (int number = 0; number < hashes; number++) {
                int hash = FilterTable.hash(((long) number * spread) << 32);
                model.get(number).forEach(entry -> table.remove(hash, entry));
            }
            assertThat(table.size()).isZero();
        });
    }

    @Test
    void findsNothingInAnEmptyTable() {
        assertThat(of(7)).isEmpty();
    }

    private Set<Entry> of(int hash) {
        Set<Entry> found = new HashSet<>();
        FilterTable.Segment segment = table.segment(hash);
        for (int i = segment.first(hash); i != FilterTable.NONE; i = segment.next(hash, i)) {
            Entry entry = segment.entry(i);
            if (entry != null) {
                assertThat(found.add(entry)).isTrue();
            }
        }
        return found;
    }

    private static Entry entry() {
        return new Subscription(SOMEBODY, "a", QoS.AT_MOST_ONCE, false, false, 0);
    }
}
