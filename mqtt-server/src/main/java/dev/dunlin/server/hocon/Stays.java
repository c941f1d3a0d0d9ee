package dev.dunlin.server.hocon;

import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Says of the keys of a listener which of them go on as before.
 *
 * @param index the listener's, in both readings
 * @param before as it was at the start
 * @param now as the file has it now
 * @param sentences where they go; one about a key of the broker is said once
 */
record Stays(int index, ListenerSettings before, ListenerSettings now, Set<String> sentences) {

    /**
     * Says so if what is held isn't what is said now.
     *
     * @param start what was held at the start
     */
    void check(String key, Optional<?> start, Optional<?> held, Optional<?> said) {
        if (held.equals(said)) {
            return;
        }
        String name = nameOf(key);
        if (!Objects.equals(start, held)) {
            sentences.add(name + " is still "
                    + held.map(value -> Flat.shown(key, value)).orElse("nothing") + ": that needs a restart");
        } else if (said.isEmpty()) {
            sentences.add(name + " is gone: that needs a restart");
        } else {
            sentences.add(name + " has changed (" + now.whereOf(key) + "): that needs a restart");
        }
    }

    /** The listener's key if it says something itself, else that of the broker. */
    private String nameOf(String key) {
        boolean here =
                now.all().has(key) || (!now.broker().has(key) && before.all().has(key));
        return here || !Keys.BROKER.containsKey(key) ? Flat.ofListener(index, key) : key;
    }
}
