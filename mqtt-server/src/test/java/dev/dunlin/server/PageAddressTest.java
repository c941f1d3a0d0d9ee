package dev.dunlin.server;

import static dev.dunlin.server.PageTest.awaitText;
import static dev.dunlin.server.PageTest.go;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.RequiresTool;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The admin page when somebody changes what it is about: another address, another token, another tab, another connection. */
@RequiresTool({"chromium", "node", "npm"})
final class PageAddressTest {
    private static AdministeredBroker broker;

    @BeforeAll
    static void startBroker() throws Exception {
        broker = AdministeredBroker.start();
    }

    @AfterAll
    static void stopBroker() throws Exception {
        broker.close();
    }

    private static WireClient login(String clientId) {
        return WireClient.connect(broker.port(), MqttVersion.V5).login(clientId);
    }

    private static Browser open() throws Exception {
        Browser page = Browser.open(broker.page());
        awaitText(page, "#broker", "Connected");
        return page;
    }

    // ---- clients

    @Test
    void showsNothingOfAnotherClientBelowTheNameOfOneThatIsNotThere() throws Exception {
        try (WireClient there = login("there").subscribed("of/there", 1);
                Browser page = open()) {
            go(page, "client=there");
            awaitText(page, "#client-subscriptions td", "of/there");

            go(page, "client=gone");
            awaitText(page, "#outcome", "no session");

            assertThat(page.text("#client-title")).isEqualTo("gone");
            assertThat(page.text("#client-subscriptions tbody")).isEmpty();
        }
    }

    @Test
    void reachesAClientThatIsCalledLikeAFolder() throws Exception {
        try (WireClient dots = login("..").subscribed("of/dots", 1);
                Browser page = open()) {
            go(page, "client=..");
            awaitText(page, "#client-subscriptions td", "of/dots");

            page.click("text='Drop its queue'");
            page.click("#confirm-yes");
            awaitText(page, "#outcome", "was dropped");
            page.click("text='End the session'");
            page.click("#confirm-yes");

            awaitText(page, "#outcome", "was ended");
            dots.expectDisconnect(ReasonCode.ADMINISTRATIVE_ACTION);
            assertThat(page.complaints()).isEmpty();
        }
    }

    // ---- addresses that nobody has encoded

    @Test
    void takesAnAddressAsItIsIfItCannotBeDecoded() throws Exception {
        try (Browser page = open()) {
            go(page, "client=100%");
            awaitText(page, "#client-title", "100%");

            go(page, "constructor");
            await().untilAsserted(() -> assertThat(page.evaluate("document.getElementById('overview').hidden"))
                    .isEqualTo("false"));
        }
    }

    // ---- tokens

    @Test
    void takesANewTokenInTheSameTab() throws Exception {
        try (Browser page = open()) {
            trace(page, "of-the-token-before");
            go(page, "token=somebody-elses-token");
            awaitText(page, "#token-reason", "doesn't accept this token");
            assertThat(page.text("#trace-state")).isEqualTo("No trace is on.");
            assertThat(page.evaluate("location.href")).doesNotContain("token");

            go(page, "token=" + AdministeredBroker.TOKEN);

            await().untilAsserted(() -> assertThat(page.evaluate("document.getElementById('overview').hidden"))
                    .isEqualTo("false"));
            awaitText(page, "#broker", "Connected");
            assertThat(page.evaluate("location.href")).doesNotContain("token");
        }
    }

    // ---- tabs

    @Test
    void followsNoSamplesWhileNobodySeesIt() throws Exception {
        try (Browser page = open()) {
            setHidden(page, true);
            String frozen = sampled(page);
            for (int i = 0; i < 2; i++) {
                String before = sampled();
                await().until(() -> !sampled().equals(before));
            }
            assertThat(sampled(page)).isEqualTo(frozen);
            assertThat(page.evaluate("document.body.className")).contains("stale");

            setHidden(page, false);

            await().untilAsserted(() -> assertThat(sampled(page)).isGreaterThan(frozen));
            assertThat(page.evaluate("document.body.className")).doesNotContain("stale");
            assertThat(page.complaints()).isEmpty();
        }
    }

    @Test
    void hasOneTraceAmongTheTabsThatNobodySees() throws Exception {
        try (Browser first = open();
                Browser second = first.beside(broker.page());
                Browser third = first.beside(broker.page())) {
            trace(first, "one");
            trace(second, "two");
            trace(third, "three");

            setHidden(first, true);
            setHidden(second, true);

            awaitText(first, "#trace-state", "another tab that nobody sees has one");
            assertThat(first.evaluate("document.getElementById('trace-stop').disabled"))
                    .isEqualTo("true");
            assertThat(second.text("#trace-state")).isEqualTo("A trace of client “two” is on.");
            assertThat(third.text("#trace-state")).isEqualTo("A trace of client “three” is on.");
        }
    }

    private static void trace(Browser page, String clientId) throws Exception {
        go(page, "traces=" + clientId);
        page.click("#trace-start");
        awaitText(page, "#trace-state", "A trace of client “" + clientId + "” is on.");
    }

    /** When the broker has last looked at itself. */
    private static String sampled() throws Exception {
        return ConfigFactory.parseString(broker.get("/api/v1/overview")).getString("time");
    }

    private static String sampled(Browser page) throws Exception {
        return page.evaluate("document.getElementById('sampled').dateTime");
    }

    static void setHidden(Browser page, boolean hidden) throws Exception {
        page.evaluate("Object.defineProperty(document, 'hidden', { configurable: true, value: " + hidden + " });"
                + "document.dispatchEvent(new Event('visibilitychange'))");
    }

    // ---- connections

    @Test
    void saysThatItDidNotPublishIfAnotherConnectionIsMadeMeanwhile() throws Exception {
        try (Browser page = open()) {
            page.evaluate("""
                    (() => {
                      const real = WebSocket;
                      window.WebSocket = function () { // the first one never opens
                        window.WebSocket = real;
                        return { readyState: 0, addEventListener() {}, removeEventListener() {}, send() {}, close() {} };
                      };
                      return true;
                    })()""");
            go(page, "messages");
            page.fill("#publish-topic", "never");
            page.click("#publish-form button");
            awaitText(page, "#mqtt-state", "Connecting");

            page.click("#connect-form button[type=submit]");

            awaitText(page, "#mqtt-state", "Connected to");
            awaitText(page, "#outcome", "ended before it was there");
            page.click("#publish-form button");
            awaitText(page, "#outcome", "acknowledged");
        }
    }

    @Test
    void connectsWithAPasswordAndSaysWhyNotWithoutOne(@TempDir Path temp) throws Exception {
        Path passwords = temp.resolve("passwords");
        assertThat(Child.run(Child.broker("passwd", "-c", "-b", passwords.toString(), "ann", "secret"))
                        .code())
                .isZero();
        try (AdministeredBroker strict = AdministeredBroker.start("--password-file", passwords.toString());
                Browser page = Browser.open(strict.page())) {
            awaitText(page, "#broker", "Connected");
            go(page, "messages");
            page.fill("#publish-topic", "a");
            page.click("#publish-form button");
            awaitText(page, "#outcome", "Can't connect");
            awaitText(page, "#mqtt-state", "Bad User Name or Password");

            page.fill("#mqtt-user", "ann");
            page.fill("#mqtt-password", "secret");
            page.click("#connect-form button[type=submit]");

            awaitText(page, "#mqtt-state", "Connected to " + strict.webSocket());
        }
    }
}
