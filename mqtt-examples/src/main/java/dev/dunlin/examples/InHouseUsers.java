package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.dunlin.auth.AccessRules;
import dev.dunlin.auth.Passwords;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.Authorizer;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Permissions;
import dev.dunlin.codec.ReasonCode;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Users out of a database, with a role each: an authenticator whose answer comes later, and an authorizer that goes by the role.
 *
 * <p>An authenticator is called on an event loop, which serves other clients too, and must not wait there for a database. So
 * the query and the check of the password run on a few threads of their own. What waits for these is bounded: when a thousand
 * devices come back at once, some are told that the broker is busy, and come again. If the database is away, clients are told
 * that the server is unavailable, and not that their password is wrong.
 *
 * <p>{@code main} takes the URL of a JDBC driver on the class path. Enter ends it. The table:
 *
 * <pre>{@code
 * create table mqtt_users (name varchar(100) primary key, password_hash varchar(300) not null, role varchar(20) not null)
 * }</pre>
 *
 * with hashes as {@code dunlin passwd} or {@link Passwords} make them. Change {@code matches} if yours are others.
 */
public final class InHouseUsers implements Authenticator, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(InHouseUsers.class);

    private static final String QUERY = "select password_hash, role from mqtt_users where name = ?";
    private static final int QUERIES_AT_ONCE = 4;
    private static final int QUERIES_WAITING_MAX = 200;

    /** What the role of a user is called in its identity. */
    private static final String ROLE = "role";

    /** A user that doesn't exist costs the check of this, so that nobody can tell from the time whether one does. */
    private static final User NOBODY = new User(hash(UUID.randomUUID().toString()), "");

    private final Database database;
    private final AtomicBoolean away = new AtomicBoolean();
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            QUERIES_AT_ONCE,
            QUERIES_AT_ONCE,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(QUERIES_WAITING_MAX),
            task -> new Thread(task, "users"));

    /** Where connections to the database come from, such as the method of a {@code DataSource}. May block. */
    public interface Database {
        /** One that its receiver closes. */
        Connection getConnection() throws SQLException;
    }

    private record User(String passwordHash, String role) {}

    public InHouseUsers(Database database) {
        this.database = database;
    }

    public static void main(String[] args) throws Exception {
        try (InHouseUsers users = new InHouseUsers(() -> DriverManager.getConnection(args[0]));
                Broker broker =
                        Broker.builder().tcp(0).security(users, byRole()).start()) {
            System.out.println("clients connect to port " + broker.port("tcp"));
            System.in.read();
        }
    }

    /** Operators may do everything, others what is below their name. */
    static Authorizer byRole() {
        AccessRules own =
                AccessRules.builder().pattern().readWrite("users/%u/#").build();
        CompletionStage<Permissions> everything = CompletableFuture.completedFuture(Permissions.ALL);
        return (ClientInfo client) ->
                "operator".equals(client.identity().attributes().get(ROLE)) ? everything : own.permissions(client);
    }

    @Override
    public CompletionStage<AuthResult> authenticate(ConnectRequest request) {
        String name = request.userName();
        byte[] password = request.password();
        if (name == null || password == null) {
            return CompletableFuture.completedFuture(AuthResult.refuse(ReasonCode.BAD_USER_NAME_OR_PASSWORD));
        }
        try {
            return CompletableFuture.supplyAsync(() -> check(name, password), threads);
        } catch (RejectedExecutionException tooMany) {
            return CompletableFuture.completedFuture(AuthResult.refuse(ReasonCode.SERVER_BUSY));
        }
    }

    /** On a thread that may block. */
    private AuthResult check(String name, byte[] password) {
        try {
            User user = find(name);
            away.set(false);
            boolean matches = Passwords.matches(user.passwordHash, password);
            return matches
                    ? AuthResult.accept(new Identity(name, Map.of(ROLE, user.role)))
                    : AuthResult.refuse(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
        } catch (SQLException e) {
            if (!away.getAndSet(true)) { // a line for each client that tries would fill the log
                LOG.warn("the database of users doesn't answer: {}", e.getMessage());
            }
            return AuthResult.refuse(ReasonCode.SERVER_UNAVAILABLE);
        }
    }

    private User find(String name) throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement query = connection.prepareStatement(QUERY)) {
            query.setString(1, name);
            try (ResultSet found = query.executeQuery()) {
                return found.next() ? new User(found.getString(1), found.getString(2)) : NOBODY;
            }
        }
    }

    private static String hash(String password) {
        return Passwords.pbkdf2().hash(password.getBytes(UTF_8));
    }

    /** Behind the broker's: what still waits is not checked any more. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
