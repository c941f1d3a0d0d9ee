package dev.dunlin.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Links lead somewhere, and every page can be found. */
class LinksTest {
    @Test
    void leadToFilesAndHeadingsThatExist() throws IOException {
        List<String> dead = new ArrayList<>();
        int relative = 0;
        for (Page page : Page.all()) {
            for (String link : page.links()) {
                if (link.startsWith("https://") || link.startsWith("http://")) {
                    continue;
                }
                relative++;
                if (!leadsSomewhere(page, link)) {
                    dead.add(page.name() + ": " + link);
                }
            }
        }
        assertThat(dead).isEmpty();
        assertThat(relative).as("links that were looked at").isGreaterThan(100);
    }

    @Test
    void theIndexNamesEveryPage() throws IOException {
        Page index = Page.read(Page.ROOT.resolve("docs/README.md"));
        Set<String> named =
                index.links().stream().map(link -> link.replaceFirst("#.*", "")).collect(Collectors.toSet());

        Set<String> unnamed = new TreeSet<>();
        for (Page page : Page.shown()) {
            String name = page.file().getFileName().toString();
            if (page.name().startsWith("docs/") && !name.equals("README.md") && !named.contains(name)) {
                unnamed.add(name);
            }
        }
        assertThat(unnamed).isEmpty();
    }

    private static boolean leadsSomewhere(Page page, String link) throws IOException {
        String[] parts = link.split("#", 2);
        Path target = parts[0].isEmpty() ? page.file() : page.file().resolveSibling(parts[0]);
        if (!Files.exists(target)) {
            return false;
        }
        return parts.length == 1
                || !target.toString().endsWith(".md")
                || Page.read(target).anchors().contains(parts[1]);
    }
}
