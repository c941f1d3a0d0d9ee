package dev.dunlin.broker.simulation.mutants;

import java.util.List;
import java.util.stream.Stream;

/** All planted bugs. */
final class Mutants {
    private Mutants() {}

    static List<Mutant> all() {
        return Stream.of(
                        DurabilityMutants.LIST,
                        OutboundMutants.LIST,
                        OrderMutants.LIST,
                        SessionMutants.LIST,
                        StoreMutants.LIST)
                .flatMap(List::stream)
                .toList();
    }
}
