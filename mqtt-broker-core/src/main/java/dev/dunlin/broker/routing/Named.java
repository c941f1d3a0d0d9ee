package dev.dunlin.broker.routing;

/** The subscribers of what is found by its text: of a filter without wildcards, or of one level of a filter. Immutable. */
class Named extends HashTrie.Key<Named> { // hot
    final String name;

    /** Those whose filter ends here. */
    final HashTrie<Subscription> subscribers;

    private final int hash;

    Named(String name, int hash, HashTrie<Subscription> subscribers) {
        this.name = name;
        this.hash = hash;
        this.subscribers = subscribers;
    }

    @Override
    final int hash() {
        return hash;
    }

    @Override
    final boolean matches(Named entry) {
        return name.equals(entry.name);
    }

    /** The key that is a part of a topic or filter, not copied. Reused, by one thread. */
    static final class Part extends HashTrie.Key<Named> {
        private String text = "";
        private int from;
        private int to;
        private int hash;

        Part set(KeyedHash hasher, String text, int from, int to) {
            this.text = text;
            this.from = from;
            this.to = to;
            this.hash = (int) hasher.hash(text, from, to);
            return this;
        }

        /** A copy. */
        String text() {
            return text.substring(from, to);
        }

        boolean is(String name) {
            return name.length() == to - from && text.startsWith(name, from);
        }

        @Override
        int hash() {
            return hash;
        }

        @Override
        boolean matches(Named entry) {
            return is(entry.name);
        }
    }
}
