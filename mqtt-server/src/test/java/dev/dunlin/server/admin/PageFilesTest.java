package dev.dunlin.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which files a browser is given: those that the list names. */
final class PageFilesTest {
    private final List<Route> routes = PageFiles.routes("/dev/dunlin/server/admin/pagefiles/");

    private Answer answer(String path) throws Exception {
        Route route = routes.stream()
                .filter(each -> each.match(path) != null)
                .findFirst()
                .orElseThrow();
        assertThat(route.access()).isEqualTo(Route.Access.FREE);
        return route.handler().answer(new Request(List.of(), null, route.known(), "", InputStream.nullInputStream()));
    }

    private String text(String path) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        answer(path).body().writeTo(out);
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void servesWhatTheListNamesAndThePageAtTheRoot() throws Exception {
        assertThat(routes).extracting(Route::template).containsExactly("/index.html", "/", "/a.js", "/notes.bin");
        assertThat(text("/")).isEqualTo("<!doctype html>\n").isEqualTo(text("/index.html"));
        assertThat(answer("/").type()).isEqualTo("text/html; charset=utf-8");
        assertThat(answer("/a.js").type()).isEqualTo("text/javascript; charset=utf-8");
        assertThat(answer("/notes.bin").type()).isEqualTo("application/octet-stream");
        assertThat(answer("/a.js").length()).isEqualTo(11);
    }

    @Test
    void withoutAListThereIsNothing() {
        assertThat(PageFiles.routes("/dev/dunlin/server/admin/no-such/")).isEmpty();
    }
}
