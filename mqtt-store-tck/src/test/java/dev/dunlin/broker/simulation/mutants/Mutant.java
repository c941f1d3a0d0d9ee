package dev.dunlin.broker.simulation.mutants;

import java.util.List;

/**
 * A planted bug: a broker that breaks one rule of the architecture, made by patching its sources.
 *
 * @param name after the words of the list that it was asked for in
 * @param rule what it breaks; and, where the code has another shape than the name says, why this is the same bug
 * @param patches applied in their order
 */
record Mutant(String name, String rule, List<Patch> patches) {
    static Mutant of(String name, String rule, Patch... patches) {
        return new Mutant(name, rule, List.of(patches));
    }

    @Override
    public String toString() {
        return name;
    }
}
