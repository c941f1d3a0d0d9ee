package dev.dunlin.broker.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The test says something about plain TCP: it is left out of the runs over other transports. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(OnlyOverTcp.Condition.class)
public @interface OnlyOverTcp {
    /** Why. */
    String value();

    /** Decides. */
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            boolean marked = context.getElement()
                    .map(element -> element.isAnnotationPresent(OnlyOverTcp.class))
                    .orElse(false);
            return marked && TestTransport.chosen() != TestTransport.TCP
                    ? ConditionEvaluationResult.disabled("only over TCP")
                    : ConditionEvaluationResult.enabled("over " + TestTransport.chosen());
        }
    }
}
