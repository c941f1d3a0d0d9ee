package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.ConnectTerms;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;

/**
 * What the broker does differently from version to version: one row for each, one column for each difference. What looks
 * different on the wire is the codec's. Nobody else in the broker asks for the version, or says why.
 */
public enum VersionRules {
    //     nameless         reasons  receive maximum  no room for a session
    V3_1(Nameless.NEVER, false, false, ReasonCode.SERVER_UNAVAILABLE),
    V3_1_1(Nameless.CLEAN, false, false, ReasonCode.SERVER_UNAVAILABLE),
    V5(Nameless.ALWAYS, true, true, ReasonCode.QUOTA_EXCEEDED);

    private static final VersionRules[] BY_VERSION = {V3_1, V3_1_1, V5};
    private static final long NEVER_EXPIRES = 0xFFFF_FFFFL;

    private final Nameless nameless;
    private final boolean reasons;
    private final boolean receiveMaximum;
    private final ReasonCode connectWithoutRoom;

    VersionRules(Nameless nameless, boolean reasons, boolean receiveMaximum, ReasonCode connectWithoutRoom) {
        this.nameless = nameless;
        this.reasons = reasons;
        this.receiveMaximum = receiveMaximum;
        this.connectWithoutRoom = connectWithoutRoom;
    }

    /** Who may come without a client identifier. */
    private enum Nameless {
        NEVER,
        CLEAN,
        ALWAYS
    }

    /** The row of a version. */
    public static VersionRules of(MqttVersion version) {
        return BY_VERSION[version.ordinal()];
    }

    /**
     * Whether a client may leave its name to the broker [5.0:MQTT-3.1.3-6], [3.1.1:MQTT-3.1.3-7], [3.1.1:MQTT-3.1.3-8];
     * 3.1 has no empty identifier at all.
     */
    public boolean mayBeNameless(boolean cleanStart) {
        return nameless == Nameless.ALWAYS || (nameless == Nameless.CLEAN && cleanStart);
    }

    /**
     * Whether a client can be told why: DISCONNECT from the broker, errors in PUBACK and PUBREC, 0x8F in SUBACK, properties.
     * One that can't gets the success that its version has, or a closed connection.
     */
    public boolean hasReasons() {
        return reasons;
    }

    /** Whether CONNACK has a code for it. */
    public boolean canRefuseWith(ReasonCode reason) {
        return reasons ? reason.allowedIn(PacketType.CONNACK) : reason.connectReturnCode() >= 0;
    }

    /** Whether a client must keep within the broker's receive maximum [5.0:MQTT-3.3.4-7]. */
    boolean hasReceiveMaximum() {
        return receiveMaximum;
    }

    /**
     * The keep-alive of a connection, in seconds; 0 for none. One that can't be told of another has what it asked for
     * [3.1.1:MQTT-3.1.2-24].
     *
     * @param max the longest that we want; 0 for any
     */
    public int keepAliveSeconds(int asked, int max) {
        boolean tooLong = max > 0 && (asked == 0 || asked > max);
        return reasons && tooLong ? max : asked;
    }

    /**
     * What a client gets of what interceptors grant: all, if it can be told. Else its keep alive stays what it has
     * [3.1.1:MQTT-3.1.2-24], and a clean session ends with its connection [3.1.1:MQTT-3.1.2-6].
     */
    public ConnectTerms granted(ConnectTerms by, int keepAliveSeconds, boolean cleanStart) {
        return reasons ? by : new ConnectTerms(cleanStart ? 0 : by.sessionExpirySeconds(), keepAliveSeconds);
    }

    /** What CONNACK says when there is no room for a session, or its store can't be written. */
    public ReasonCode connectWithoutRoom() {
        return connectWithoutRoom;
    }

    /** The session expiry interval that a CONNECT asks for, in seconds; below 5.0 for ever, unless the session is clean. */
    public static long askedExpirySeconds(Connect connect) {
        if (of(connect.version()).reasons) {
            return connect.properties().integer(Property.SESSION_EXPIRY_INTERVAL, 0);
        }
        return connect.cleanStart() ? 0 : NEVER_EXPIRES;
    }
}
