package dev.dunlin.broker.interop;

import java.lang.reflect.Method;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/** Runs a {@link Scenario} once, or not at all if it isn't one for the client. */
final class ScenarioExtension implements TestTemplateInvocationContextProvider {

    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return true;
    }

    @Override
    public boolean mayReturnZeroTestTemplateInvocationContexts(ExtensionContext context) {
        return true;
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(ExtensionContext context) {
        Variant client = ((Scenarios) context.getRequiredTestInstance()).client();
        Method scenario = context.getRequiredTestMethod();
        return client.runs(scenario.getAnnotation(Scenario.class)) ? Stream.of(named(client)) : Stream.of();
    }

    private static TestTemplateInvocationContext named(Variant client) {
        return new TestTemplateInvocationContext() {
            @Override
            public String getDisplayName(int invocationIndex) {
                return client.toString();
            }
        };
    }
}
