package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.testkit.AttackList;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The list of attacks in the documentation names each test, and no other. */
final class AttackListTest {

    @ParameterizedTest
    @ValueSource(classes = {AttackTest.class, StateAttackTest.class})
    void namesTheTestOfEachAttack(Class<?> tests) throws IOException {
        assertThat(AttackList.documented(tests)).isNotEmpty().isEqualTo(AttackList.tests(tests));
    }
}
