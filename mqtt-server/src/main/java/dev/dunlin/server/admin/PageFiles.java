package dev.dunlin.server.admin;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The files of the page: those that a list beside them names, and nothing else. */
final class PageFiles {
    /** Where they are on the class path. */
    static final String FOLDER = "/dev/dunlin/server/page/";

    /** One name in each line. */
    private static final String LIST = "files.txt";

    private static final String INDEX = "index.html";
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "svg", "image/svg+xml",
            "png", "image/png",
            "ico", "image/x-icon",
            "txt", "text/plain; charset=utf-8");

    private PageFiles() {}

    /** A route for each; the page itself is at the root, too. Without a list, none. */
    static List<Route> routes(String folder) {
        byte[] list = content(folder + LIST);
        List<Route> routes = new ArrayList<>();
        if (list == null) {
            return routes;
        }
        for (String name : new String(list, StandardCharsets.UTF_8).lines().toList()) {
            routes.add(Route.free("/" + name, request -> answer(folder, name)));
            if (name.equals(INDEX)) {
                routes.add(Route.free("/", request -> answer(folder, name)));
            }
        }
        return routes;
    }

    private static Answer answer(String folder, String name) {
        byte[] content = content(folder + name);
        if (content == null) {
            throw new IllegalStateException(name + " is not on the class path");
        }
        String ending = name.substring(name.lastIndexOf('.') + 1);
        return Answer.of(200, TYPES.getOrDefault(ending, "application/octet-stream"), content);
    }

    private static byte @Nullable [] content(String name) {
        try (InputStream in = PageFiles.class.getResourceAsStream(name)) {
            return in == null ? null : in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(name + " on the class path can't be read", e);
        }
    }
}
