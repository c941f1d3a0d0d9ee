package dev.dunlin.server;

import dev.dunlin.broker.interop.Form;
import dev.dunlin.broker.interop.NodeScript;
import dev.dunlin.codec.testkit.TestCertificate;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A page in Chromium, without a window. All pages of this JVM share one, which has nothing else in common for them: no storage, no
 * connections. Of certificates that no authority has signed it trusts {@link TestCertificate#shared()} and no other. Selectors are
 * those of CSS, and of Playwright.
 */
final class Browser implements AutoCloseable {
    /** How large the window is, in pixels, and which colours its user prefers: light or dark. */
    record Window(int width, int height, String scheme) {
        static final Window DESKTOP = new Window(1280, 900, "light");
    }

    private static final Map<String, Browser> OPEN = new ConcurrentHashMap<>();
    private static NodeScript running;
    private static int last;

    private final List<String> complaints = new CopyOnWriteArrayList<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final NodeScript node;
    private final String name;

    private Browser(NodeScript node, String name) {
        this.node = node;
        this.name = name;
    }

    static Browser open(String url) throws Exception {
        return open(url, Window.DESKTOP);
    }

    static Browser open(String url, Window window) throws Exception {
        return open(url, window, "");
    }

    /** Another tab: what one of a browser has in common with its others, they have too, but for the storage of a tab. */
    Browser beside(String url) throws Exception {
        return open(url, Window.DESKTOP, name);
    }

    private static synchronized Browser open(String url, Window window, String beside) throws Exception {
        Browser page = new Browser(node(), Integer.toString(++last));
        OPEN.put(page.name, page);
        page.call(page.command("open")
                .with("url", url)
                .with("beside", beside)
                .with("width", window.width)
                .with("height", window.height)
                .with("scheme", window.scheme)
                .with("trusted", trusted()));
        return page;
    }

    /** The key of that certificate, as Chromium wants to be told. */
    private static String trusted() throws GeneralSecurityException {
        byte[] key = TestCertificate.shared().certificate().getPublicKey().getEncoded();
        return Base64.getEncoder()
                .encodeToString(MessageDigest.getInstance("SHA-256").digest(key));
    }

    private static NodeScript node() throws IOException, InterruptedException {
        if (running == null || !running.isAlive()) {
            running = NodeScript.start("browser", "browser.js", Browser::note);
        }
        return running;
    }

    private static void note(Form said) {
        Browser page = OPEN.get(said.get("page"));
        if (page != null) {
            (said.get("what").equals("request") ? page.requests : page.complaints).add(said.get("text"));
        }
    }

    private Form command(String verb) {
        return Form.EMPTY.with("do", verb).with("page", name);
    }

    private String call(Form command) throws Exception {
        return node.call(command).get("answer");
    }

    /** What is in the first element that matches, visible or not. Waits until there is one. */
    String text(String selector) throws Exception {
        return call(command("text").with("selector", selector));
    }

    /** Waits until that can be done. */
    void click(String selector) throws Exception {
        call(command("click").with("selector", selector));
    }

    /** Replaces what is in a field. */
    void fill(String selector, String text) throws Exception {
        call(command("fill").with("selector", selector).with("text", text));
    }

    /** Presses a key, such as {@code Tab}. */
    void press(String key) throws Exception {
        call(command("press").with("key", key));
    }

    /** Types into what has the focus. */
    void type(String text) throws Exception {
        call(command("press").with("text", text));
    }

    /** The value of an expression of JavaScript, as JSON unless it is text. */
    String evaluate(String expression) throws Exception {
        return call(command("evaluate").with("expression", expression));
    }

    /** What is wrong with how the page can be used, by WCAG 2.2 AA as far as axe-core can tell; empty if nothing. */
    String audit() throws Exception {
        return call(command("audit"));
    }

    /** Makes a picture of the whole page. */
    void shoot(Path file) throws Exception {
        call(command("shoot").with("file", file.toAbsolutePath()));
    }

    /** Errors and warnings on its console, and errors of its scripts. */
    List<String> complaints() {
        return complaints;
    }

    /** Addresses that it has asked for, WebSockets too. */
    List<String> requests() {
        return requests;
    }

    @Override
    public void close() throws Exception {
        call(command("close"));
        OPEN.remove(name);
    }
}
