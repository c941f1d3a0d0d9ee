package dev.dunlin.broker;

import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.Inspection;
import dev.dunlin.broker.store.Look;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether a store is sound: every record was read, its checksum verified, and held against the others.
 *
 * @param engine the name of the engine
 * @param format of the records, as "1.0"
 * @param opening what the engine found when it was opened
 * @param counts how much there is
 * @param damaged how many records are damaged, contradict others, or are missing
 * @param findings damage first, of that at most 100; then what is left over, one finding for each kind
 */
public record StoreCheck(
        String engine,
        String format,
        RecoveryReport opening,
        StoreCounts counts,
        long damaged,
        List<Finding> findings) {

    /** Takes a copy of the list. */
    public StoreCheck {
        findings = List.copyOf(findings);
    }

    /** How bad a finding is. */
    public enum Severity {
        /** Something is lost or can't be read. */
        DAMAGE,
        /** Nobody needs it: it is what an end without a word leaves, and the broker removes it by itself. */
        LEFT_OVER
    }

    /**
     * Something that was found.
     *
     * @param text a sentence for a person, naming the client, group or topic where that is known
     */
    public record Finding(Severity severity, String text) {}

    /** Whether nothing is damaged. */
    public boolean isSound() {
        return damaged == 0;
    }

    /**
     * Checks a store on which no broker runs. Changes nothing in it beyond what opening it does. Blocks for as long as it takes
     * to read all of it. Holds in memory 8 bytes for each session, 8 and a bit for each message, and the largest value. Any
     * thread but an event loop.
     *
     * @throws StoreException if the store can't be opened: CORRUPT if the engine refuses it as damaged
     */
    public static StoreCheck of(StorageEngineProvider provider) throws StoreException {
        return Look.<StoreCheck, RuntimeException>at(provider, StoreCheck::of);
    }

    private static StoreCheck of(Look store) throws StoreException {
        Inspection inspection = Inspection.of(store.view());
        List<Finding> findings = new ArrayList<>();
        inspection.damage().forEach(text -> findings.add(new Finding(Severity.DAMAGE, text)));
        inspection.leftOver().forEach(text -> findings.add(new Finding(Severity.LEFT_OVER, text)));
        return new StoreCheck(
                store.engine().traits().name(),
                store.formatText(),
                store.engine().recovery(),
                StoreCounts.of(inspection.tally()),
                inspection.damaged(),
                findings);
    }
}
