package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import dev.dunlin.broker.Broker;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A page in a browser that talks to the broker, by MQTT over WebSocket and with MQTT.js: a chat, whose other side may be any
 * client. The page is {@code WebSocketPage.html} beside this class; the folder with the library is the first argument:
 *
 * <pre>{@code
 * npm install mqtt
 * java -cp ... dev.dunlin.examples.WebSocketPage node_modules/mqtt/dist
 * mosquitto_sub -p 12345 -t chat/#
 * }</pre>
 *
 * The HTTP server is that of the JDK; in a program that has one, the page comes from there. A browser lets the pages of anybody
 * connect to a WebSocket: a broker with more than a chat in it has an authenticator, and the page asks for a password.
 * Enter ends it.
 */
public final class WebSocketPage {
    private WebSocketPage() {}

    public static void main(String[] args) throws Exception {
        byte[] library = Files.readAllBytes(Path.of(args[0], "mqtt.min.js"));
        try (Broker broker = Broker.builder().tcp(0).webSocket(0, "/mqtt").start()) {
            String url = "ws://127.0.0.1:" + broker.port("ws") + "/mqtt";
            HttpServer pages = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            serve(
                    pages,
                    "/",
                    "text/html; charset=utf-8",
                    page().replace("BROKER_URL", url).getBytes(UTF_8));
            serve(pages, "/mqtt.min.js", "text/javascript", library);
            pages.start();
            System.out.println("clients connect to port " + broker.port("tcp"));
            System.out.println("open http://127.0.0.1:" + pages.getAddress().getPort() + "/");
            System.in.read();
            pages.stop(0);
        }
    }

    private static String page() throws IOException {
        try (InputStream in = WebSocketPage.class.getResourceAsStream("WebSocketPage.html")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);
        }
    }

    private static void serve(HttpServer pages, String path, String type, byte[] body) {
        pages.createContext(path, exchange -> {
            boolean found = exchange.getRequestURI().getPath().equals(path);
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.sendResponseHeaders(found ? 200 : 404, found ? body.length : -1);
            if (found) {
                exchange.getResponseBody().write(body);
            }
            exchange.close();
        });
    }
}
