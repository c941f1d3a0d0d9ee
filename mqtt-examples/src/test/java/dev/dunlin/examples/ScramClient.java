package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.hivemq.client.mqtt.datatypes.MqttUtf8String;
import com.hivemq.client.mqtt.mqtt5.Mqtt5ClientConfig;
import com.hivemq.client.mqtt.mqtt5.auth.Mqtt5EnhancedAuthMechanism;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5Auth;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5AuthBuilder;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5EnhancedAuthBuilder;
import com.hivemq.client.mqtt.mqtt5.message.connect.Mqtt5Connect;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAck;
import com.hivemq.client.mqtt.mqtt5.message.disconnect.Mqtt5Disconnect;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/** The client's side of SCRAM-SHA-256, written from the RFC and not from the broker's side: bare, and for HiveMQ's client. */
final class ScramClient implements Mqtt5EnhancedAuthMechanism {
    private static final int TIMEOUT_SECONDS = 20;

    private final String user;
    private final String password;
    private final AtomicInteger exchanges = new AtomicInteger();

    final CompletableFuture<Boolean> provenAnew = new CompletableFuture<>();

    private String nonce;
    private String expectedSignature;

    ScramClient(String user, String password) {
        this.user = user;
        this.password = password;
    }

    // ---- the messages

    String first() {
        return first("nonce" + exchanges.incrementAndGet());
    }

    String first(String own) {
        nonce = own;
        return "n,," + bare();
    }

    private String bare() {
        return "n=" + user + ",r=" + nonce;
    }

    String last(String serverFirst) {
        String[] parts = serverFirst.split(",", -1);
        byte[] salt = Base64.getDecoder().decode(parts[1].substring(2));
        int iterations = Integer.parseInt(parts[2].substring(2));
        try {
            byte[] salted = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                    .generateSecret(new PBEKeySpec(password.toCharArray(), salt, iterations, 256))
                    .getEncoded();
            byte[] clientKey = hmac(salted, "Client Key");
            String withoutProof = "c=biws," + parts[0];
            String signed = bare() + "," + serverFirst + "," + withoutProof;
            byte[] proof = hmac(MessageDigest.getInstance("SHA-256").digest(clientKey), signed);
            for (int i = 0; i < proof.length; i++) {
                proof[i] ^= clientKey[i];
            }
            expectedSignature = "v=" + Base64.getEncoder().encodeToString(hmac(hmac(salted, "Server Key"), signed));
            return withoutProof + ",p=" + Base64.getEncoder().encodeToString(proof);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What the broker must prove in the end. */
    String expectedSignature() {
        return expectedSignature;
    }

    private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text.getBytes(UTF_8));
    }

    // ---- for HiveMQ's client

    @Override
    public MqttUtf8String getMethod() {
        return MqttUtf8String.of(ScramSha256.METHOD);
    }

    @Override
    public int getTimeout() {
        return TIMEOUT_SECONDS;
    }

    @Override
    public CompletableFuture<Void> onAuth(
            Mqtt5ClientConfig config, Mqtt5Connect connect, Mqtt5EnhancedAuthBuilder builder) {
        builder.data(first().getBytes(UTF_8));
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Void> onReAuth(Mqtt5ClientConfig config, Mqtt5AuthBuilder builder) {
        builder.data(first().getBytes(UTF_8));
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Boolean> onContinue(Mqtt5ClientConfig config, Mqtt5Auth auth, Mqtt5AuthBuilder builder) {
        builder.data(last(text(auth.getData())).getBytes(UTF_8));
        return CompletableFuture.completedFuture(true);
    }

    @Override
    public CompletableFuture<Boolean> onAuthSuccess(Mqtt5ClientConfig config, Mqtt5ConnAck connAck) {
        String signature = text(connAck.getEnhancedAuth().orElseThrow().getData());
        return CompletableFuture.completedFuture(signature.equals(expectedSignature));
    }

    @Override
    public CompletableFuture<Boolean> onReAuthSuccess(Mqtt5ClientConfig config, Mqtt5Auth auth) {
        boolean proven = text(auth.getData()).equals(expectedSignature);
        provenAnew.complete(proven);
        return CompletableFuture.completedFuture(proven);
    }

    @Override
    public void onAuthRejected(Mqtt5ClientConfig config, Mqtt5ConnAck connAck) {}

    @Override
    public void onReAuthRejected(Mqtt5ClientConfig config, Mqtt5Disconnect disconnect) {
        provenAnew.complete(false);
    }

    @Override
    public void onAuthError(Mqtt5ClientConfig config, Throwable cause) {}

    @Override
    public void onReAuthError(Mqtt5ClientConfig config, Throwable cause) {
        provenAnew.completeExceptionally(cause);
    }

    private static String text(Optional<ByteBuffer> data) {
        return UTF_8.decode(data.orElseThrow().duplicate()).toString();
    }
}
