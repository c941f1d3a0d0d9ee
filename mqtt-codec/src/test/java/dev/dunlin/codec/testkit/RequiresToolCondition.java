package dev.dunlin.codec.testkit;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Decides what {@link RequiresTool} says. */
final class RequiresToolCondition implements ExecutionCondition {
    private final Map<String, String> environment;

    RequiresToolCondition() {
        this(System.getenv());
    }

    RequiresToolCondition(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return AnnotationSupport.findAnnotation(context.getElement(), RequiresTool.class)
                .map(tools -> evaluate(tools.value()))
                .orElseGet(() -> ConditionEvaluationResult.enabled("needs no tool"));
    }

    ConditionEvaluationResult evaluate(String... tools) {
        List<String> missing =
                Arrays.stream(tools).filter(tool -> !isOnPath(tool)).toList();
        if (missing.isEmpty()) {
            return ConditionEvaluationResult.enabled("on the PATH: " + String.join(", ", tools));
        }
        String reason = "not on the PATH: " + String.join(", ", missing);
        if ("true".equals(environment.get("CI"))) {
            throw new IllegalStateException(reason + "; with CI=true no test is skipped (./check installs the tools)");
        }
        return ConditionEvaluationResult.disabled(reason);
    }

    private boolean isOnPath(String tool) {
        return Arrays.stream(environment.getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
    }
}
