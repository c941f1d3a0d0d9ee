package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/** The BOM has no parent, so that it hands on nothing but our modules: what it repeats is held here. */
class BomTest {
    /** Modules that nobody depends on. */
    private static final Set<String> UNPUBLISHED =
            Set.of("mqtt-server", "mqtt-benchmarks", "mqtt-examples", "mqtt-examples-spring", "mqtt-docs", "mqtt-bom");

    private final Document parent = parse(Path.of("..", "pom.xml"));
    private final Document bom = parse(Path.of("..", "mqtt-bom", "pom.xml"));

    @Test
    void hasTheVersionOfItsModules() {
        assertThat(texts(bom, "/project/version")).isEqualTo(texts(parent, "/project/version"));
    }

    @Test
    void listsEveryPublishedModule() {
        Set<String> published = new TreeSet<>(texts(parent, "/project/modules/module"));
        published.removeAll(UNPUBLISHED);

        assertThat(texts(bom, "/project/dependencyManagement/dependencies/dependency/artifactId"))
                .containsExactlyInAnyOrderElementsOf(published);
        assertThat(texts(bom, "/project/dependencyManagement/dependencies/dependency/version"))
                .containsOnly("${project.version}");
    }

    private static List<String> texts(Document document, String path) {
        try {
            NodeList nodes =
                    (NodeList) XPathFactory.newInstance().newXPath().evaluate(path, document, XPathConstants.NODESET);
            return IntStream.range(0, nodes.getLength())
                    .mapToObj(i -> nodes.item(i).getTextContent())
                    .toList();
        } catch (Exception e) {
            throw new AssertionError(path, e);
        }
    }

    private static Document parse(Path pom) {
        try {
            return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(pom.toFile());
        } catch (Exception e) {
            throw new AssertionError(pom.toString(), e);
        }
    }
}
