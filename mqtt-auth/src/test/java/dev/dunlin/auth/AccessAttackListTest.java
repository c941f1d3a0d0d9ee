package dev.dunlin.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.testkit.AttackList;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The list of attacks on access rules in the documentation names each test, and no other. */
final class AccessAttackListTest {

    @Test
    void namesTheTestOfEachAttack() throws IOException {
        assertThat(AttackList.documented(AccessAttackTest.class))
                .isNotEmpty()
                .isEqualTo(AttackList.tests(AccessAttackTest.class));
    }
}
