import com.hivemq.HiveMQServer;
import com.hivemq.configuration.service.InternalConfigurations;

/** HiveMQ's own main class, after the one setting that its configuration file doesn't have. */
final class Launcher {

    private Launcher() {}

    public static void main(String[] args) throws Exception {
        // Without it the server refuses all clients until an extension is installed; HiveMQ's embedded mode sets it too.
        InternalConfigurations.AUTH_DENY_UNAUTHENTICATED_CONNECTIONS.set(false);
        HiveMQServer.main(args);
    }
}
