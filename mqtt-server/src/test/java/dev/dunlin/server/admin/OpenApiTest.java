package dev.dunlin.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** {@code openapi.json} and the code know the same requests. That answers are as it says, each test of HTTP looks. */
final class OpenApiTest {
    private final OpenApi openApi = new OpenApi();

    @AutoClose
    private final Administered server;

    private final List<Route> routes;

    OpenApiTest() throws Exception {
        server = Administered.start();
        Sampler sampler = new Sampler(server.broker()::stats, System::nanoTime);
        routes = new Routes(
                        server.broker(), new ServerTraits("", "", "", () -> null), sampler, new AdminHttp.Stopping())
                .all().stream().filter(route -> !isOfThePage(route)).toList();
        sampler.close();
    }

    private static boolean isOfThePage(Route route) {
        return PageFiles.routes(PageFiles.FOLDER).stream()
                .anyMatch(file -> file.template().equals(route.template()));
    }

    @Test
    void hasEveryRequestOfTheCodeAndNoOther() {
        Set<String> ofTheCode = routes.stream()
                .map(route -> route.method() + " " + route.template())
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(openApi.operations()).isEqualTo(ofTheCode).hasSizeGreaterThan(20);
    }

    @Test
    void hasTheParametersOfTheCode() {
        for (Route route : routes) {
            var operation = openApi.operation(route.method(), route.template());
            assertThat(openApi.parameters(operation, "query"))
                    .as(route.template())
                    .isEqualTo(new TreeSet<>(route.known()));
            Set<String> inThePath = Pattern.compile("\\{(.*?)}")
                    .matcher(route.template())
                    .results()
                    .map(found -> found.group(1))
                    .collect(Collectors.toCollection(TreeSet::new));
            assertThat(openApi.parameters(operation, "path"))
                    .as(route.template())
                    .isEqualTo(inThePath);
            assertThat(operation.containsKey("security"))
                    .as("%s needs no token", route.template())
                    .isEqualTo(route.access() == Route.Access.FREE);
        }
    }

    @Test
    void hasTheMembersOfTheBodies() {
        assertThat(openApi.members(openApi.operation("POST", "/api/v1/publish")))
                .isEqualTo(new TreeSet<>(Publishing.MEMBERS));
        assertThat(openApi.members(openApi.operation("POST", "/api/v1/traces")))
                .isEqualTo(new TreeSet<>(Streams.OF_A_TRACE));
    }

    @Test
    void isServedAsItIs() throws Exception {
        assertThat(server.get("/openapi.json")).containsEntry("openapi", "3.1.0");
    }

    @Test
    void findsWhatIsNotAsItShouldBe() {
        assertThat(openApi.faults(OpenApi.parsed("{\"status\":1}"), "Status")).hasSize(1);
        assertThat(openApi.faults(OpenApi.parsed("{}"), "Status")).hasSize(1);
        assertThat(openApi.faults(OpenApi.parsed("{\"status\":\"up\",\"x\":1}"), "Status"))
                .hasSize(1);
        assertThat(openApi.faults(OpenApi.parsed("{\"items\":[{}],\"next\":null}"), "SubscriptionPage"))
                .hasSize(5);
        assertThat(openApi.faults(OpenApi.parsed("{\"status\":\"up\"}"), "Status"))
                .isEmpty();
    }
}
