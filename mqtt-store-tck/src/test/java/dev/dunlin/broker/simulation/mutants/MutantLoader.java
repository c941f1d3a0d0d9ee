package dev.dunlin.broker.simulation.mutants;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/**
 * Defines every class of ours itself, so that all of them are in one run-time package each, some of them patched; takes all
 * else from its parent. With assertions.
 */
final class MutantLoader extends ClassLoader {
    private static final String OURS = "dev.dunlin.";

    /** The logging of the whole JVM, which there is only one of. */
    private static final String LOGS = "dev.dunlin.broker.simulation.Logs";

    private final ClassLoader parent;
    private final Map<String, byte[]> patched;

    /**
     * A loader with classes of its own.
     *
     * @param patched the code of those that differ from the parent's, by their binary names
     */
    MutantLoader(String name, ClassLoader parent, Map<String, byte[]> patched) {
        super(name, parent);
        this.parent = parent;
        this.patched = patched;
        setDefaultAssertionStatus(true);
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(OURS) || name.startsWith(LOGS)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded == null ? findClass(name) : loaded;
        }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] code = patched.get(name);
        if (code == null) {
            code = unpatched(name);
        }
        return defineClass(name, code, 0, code.length);
    }

    private byte[] unpatched(String name) throws ClassNotFoundException {
        try (InputStream in = parent.getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }
}
