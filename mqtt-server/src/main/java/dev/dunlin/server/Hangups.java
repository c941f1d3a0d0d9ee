package dev.dunlin.server;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/**
 * SIGHUP, which otherwise ends a JVM. One that comes before there is somebody to tell is kept until there is. Nothing is logged
 * here: this comes before the log. Any thread.
 */
final class Hangups {
    private @Nullable Runnable listener;
    private boolean kept;
    private @Nullable String fault;

    private Hangups() {}

    /**
     * Takes the signal from now on. The class for that is in a module that isn't part of every run time, and no API: where it
     * isn't there, the signal is as it was.
     */
    static Hangups take() {
        Hangups hangups = new Hangups();
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            InvocationHandler arrived = (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                    hangups.arrived();
                    return null;
                }
                return answerAsObject(proxy, method.getName(), arguments);
            };
            signal.getMethod("handle", signal, handler)
                    .invoke(
                            null,
                            signal.getConstructor(String.class).newInstance("HUP"),
                            Proxy.newProxyInstance(Hangups.class.getClassLoader(), new Class<?>[] {handler}, arrived));
        } catch (ReflectiveOperationException | RuntimeException e) {
            hangups.fault = e.toString();
        }
        return hangups;
    }

    private static Object answerAsObject(Object proxy, String method, Object[] arguments) {
        return switch (method) {
            case "equals" -> proxy == arguments[0];
            case "hashCode" -> System.identityHashCode(proxy);
            default -> "reload";
        };
    }

    /** Why the signal can't be taken here; null if it can. */
    @Nullable
    String fault() {
        return fault;
    }

    /** Tells each from now on, and at once one that was kept: how many there were doesn't matter. */
    void tell(Runnable told) {
        synchronized (this) {
            listener = told;
            if (!kept) {
                return;
            }
        }
        told.run();
    }

    private void arrived() {
        Runnable told;
        synchronized (this) {
            told = listener;
            kept = told == null;
        }
        if (told != null) {
            told.run();
        }
    }
}
