package dev.dunlin.codec;

import dev.dunlin.codec.MqttDecoder.Peer;
import dev.dunlin.codec.PacketVectors.Malformed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The malformed part of {@link PacketVectors}. */
final class MalformedVectors {
    /**
     * Versions ("first" is a connection's first packet), sender, answer, name, bytes with P for the empty properties that only
     * 5.0 has, and the rules that are broken.
     */
    private static final String TABLE = """
            first     | CLIENT | PROTOCOL_ERROR | PINGREQ first | C0 00 | 5.0:MQTT-3.1.0-1
            first     | CLIENT | PROTOCOL_ERROR | PUBLISH first | 30 {['a/b'] 'x'} | 3.1.1:MQTT-3.1.0-1
            first     | CLIENT | PROTOCOL_ERROR | AUTH first | F0 00 | 5.0:MQTT-3.1.0-1
            first     | CLIENT | PROTOCOL_ERROR | HTTP | 'GET / HTTP/1.1' | 5.0:MQTT-3.1.0-1
            first     | CLIENT | MALFORMED_PACKET | TLS | 16 03 01 00 C8 01 | 5.0:MQTT-2.1.3-1
            first     | CLIENT | MALFORMED_PACKET | reserved type 0 first | 00 00 | 5.0 section 2.1.2
            all       | CLIENT | MALFORMED_PACKET | reserved type 0 | 00 00 | 5.0 section 2.1.2
            all       | CLIENT | MALFORMED_PACKET | remaining length of five bytes | 30 FFFFFFFF 01 | 5.0 section 1.5.5
            all       | CLIENT | MALFORMED_PACKET | remaining length of four continuing bytes | 30 80808080 | 5.0 section 1.5.5
            all       | CLIENT | PROTOCOL_ERROR | CONNACK from a client | 20 02 00 00 | 5.0 section 2.1.2
            all       | CLIENT | PROTOCOL_ERROR | SUBACK from a client | 90 03 0001 00 | 5.0 section 2.1.2
            all       | CLIENT | PROTOCOL_ERROR | UNSUBACK from a client | B0 02 0001 | 5.0 section 2.1.2
            all       | CLIENT | PROTOCOL_ERROR | PINGRESP from a client | D0 00 | 5.0 section 2.1.2
            all       | SERVER | PROTOCOL_ERROR | CONNECT from a server | 10 00 | 5.0 section 2.1.2
            all       | SERVER | PROTOCOL_ERROR | SUBSCRIBE from a server | 82 00 | 5.0 section 2.1.2
            all       | SERVER | PROTOCOL_ERROR | UNSUBSCRIBE from a server | A2 00 | 5.0 section 2.1.2
            all       | SERVER | PROTOCOL_ERROR | PINGREQ from a server | C0 00 | 5.0 section 2.1.2
            all       | CLIENT | MALFORMED_PACKET | PINGREQ with a body | C0 01 00 | 5.0 section 3.12
            all       | SERVER | MALFORMED_PACKET | PINGRESP with a body | D0 01 00 | 5.0 section 3.13
            3.1.1+5.0 | CLIENT | MALFORMED_PACKET | PUBACK with flags | 41 02 0001 | 3.1.1:MQTT-2.2.2-2, 5.0:MQTT-2.1.3-1
            3.1.1+5.0 | CLIENT | MALFORMED_PACKET | PUBREC with flags | 52 02 0001 | 3.1.1:MQTT-2.2.2-2, 5.0:MQTT-2.1.3-1
            3.1.1+5.0 | CLIENT | MALFORMED_PACKET | PUBREL without flags | 60 02 0001 | 3.1.1:MQTT-3.6.1-1, 5.0:MQTT-3.6.1-1
            3.1.1+5.0 | CLIENT | MALFORMED_PACKET | PUBREL with DUP | 6A 02 0001 | 3.1.1:MQTT-3.6.1-1, 5.0:MQTT-3.6.1-1
            3.1.1+5.0 | CLIENT | MALFORMED_PACKET | PUBCOMP with flags | 78 02 0001 | 3.1.1:MQTT-2.2.2-2, 5.0:MQTT-2.1.3-1
            3.1.1+5.0 | CLIENT | MALFORMED_PACKET | SUBSCRIBE without flags | 80 {0001 ['a'] 00} | 3.1.1:MQTT-3.8.1-1, 5.0:MQTT-3.8.1-1
            3.1.1+5.0 | CLIENT | MALFORMED_PACKET | UNSUBSCRIBE with flags 3 | A3 {0001 ['a']} | 3.1.1:MQTT-3.10.1-1, 5.0:MQTT-3.10.1-1
            3.1.1+5.0 | CLIENT | MALFORMED_PACKET | PINGREQ with flags | C4 00 | 3.1.1:MQTT-2.2.2-2, 5.0:MQTT-2.1.3-1
            3.1.1+5.0 | CLIENT | MALFORMED_PACKET | DISCONNECT with flags | E1 00 | 3.1.1:MQTT-3.14.1-1, 5.0:MQTT-3.14.1-1
            3.1.1+5.0 | SERVER | MALFORMED_PACKET | CONNACK with flags | 21 02 00 00 | 3.1.1:MQTT-2.2.2-2, 5.0:MQTT-2.1.3-1
            3.1.1+5.0 | SERVER | MALFORMED_PACKET | SUBACK with flags | 92 03 0001 00 | 3.1.1:MQTT-2.2.2-2, 5.0:MQTT-2.1.3-1
            3.1.1+5.0 | SERVER | MALFORMED_PACKET | UNSUBACK with flags | B2 02 0001 | 3.1.1:MQTT-2.2.2-2, 5.0:MQTT-2.1.3-1
            3.1.1+5.0 | SERVER | MALFORMED_PACKET | PINGRESP with flags | D1 00 | 3.1.1:MQTT-2.2.2-2, 5.0:MQTT-2.1.3-1
            5.0       | CLIENT | MALFORMED_PACKET | AUTH with flags | F1 00 | 5.0:MQTT-3.15.1-1
            5.0       | CLIENT | MALFORMED_PACKET | PINGREQ with a padded remaining length | C0 80 00 | 5.0:MQTT-1.5.5-1
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with a padded remaining length | 30 87 80 00 ['a/b'] 00 'x' | 5.0:MQTT-1.5.5-1
            3.1       | CLIENT | MALFORMED_PACKET | AUTH | F0 00 | 3.1.1 section 2.2.1
            3.1.1     | SERVER | MALFORMED_PACKET | AUTH | F0 00 | 3.1.1 section 2.2.1
            3.1.1     | SERVER | PROTOCOL_ERROR | DISCONNECT from a server | E0 00 | 3.1.1 section 2.2.1
            first     | CLIENT | MALFORMED_PACKET | CONNECT with a padded remaining length | 10 8F00 ['MQTT'] 05 02 003C {} ['id'] | 5.0:MQTT-1.5.5-1
            first     | CLIENT | MALFORMED_PACKET | CONNECT with flags | 12 {['MQTT'] 04 02 003C ['id']} | 3.1.1:MQTT-2.2.2-2
            first     | CLIENT | MALFORMED_PACKET | CONNECT of nothing | 10 00 | 5.0:MQTT-3.1.4-1
            first     | CLIENT | MALFORMED_PACKET | CONNECT cut after the name | 10 {['MQTT']} | 5.0:MQTT-3.1.4-1
            first     | CLIENT | MALFORMED_PACKET | CONNECT cut in the name | 10 {0005 'MQTT'} | 5.0:MQTT-3.1.4-1
            first     | CLIENT | MALFORMED_PACKET | CONNECT with a name that isn't UTF-8 | 10 {[C328] 05 02 003C {} ['id']} | 5.0:MQTT-1.5.4-1
            first     | CLIENT | UNSUPPORTED_PROTOCOL_VERSION | CONNECT for [ MQTT ] 03 | 10 {['MQTT'] 03 02 003C ['id']} | 5.0:MQTT-3.1.2-1, 5.0:MQTT-3.1.2-2, 3.1.1:MQTT-3.1.2-1, 3.1.1:MQTT-3.1.2-2
            first     | CLIENT | UNSUPPORTED_PROTOCOL_VERSION | CONNECT for [ MQTT ] 06 | 10 {['MQTT'] 06 02 003C ['id']} | 5.0:MQTT-3.1.2-1, 5.0:MQTT-3.1.2-2, 3.1.1:MQTT-3.1.2-1, 3.1.1:MQTT-3.1.2-2
            first     | CLIENT | UNSUPPORTED_PROTOCOL_VERSION | CONNECT for [ MQTT ] 00 | 10 {['MQTT'] 00 02 003C ['id']} | 5.0:MQTT-3.1.2-1, 5.0:MQTT-3.1.2-2, 3.1.1:MQTT-3.1.2-1, 3.1.1:MQTT-3.1.2-2
            first     | CLIENT | UNSUPPORTED_PROTOCOL_VERSION | CONNECT for [ MQTT ] 84 | 10 {['MQTT'] 84 02 003C ['id']} | 5.0:MQTT-3.1.2-1, 5.0:MQTT-3.1.2-2, 3.1.1:MQTT-3.1.2-1, 3.1.1:MQTT-3.1.2-2
            first     | CLIENT | UNSUPPORTED_PROTOCOL_VERSION | CONNECT for [ MQIsdp ] 04 | 10 {['MQIsdp'] 04 02 003C ['id']} | 5.0:MQTT-3.1.2-1, 5.0:MQTT-3.1.2-2, 3.1.1:MQTT-3.1.2-1, 3.1.1:MQTT-3.1.2-2
            first     | CLIENT | UNSUPPORTED_PROTOCOL_VERSION | CONNECT for [ MQIsdp ] 83 | 10 {['MQIsdp'] 83 02 003C ['id']} | 5.0:MQTT-3.1.2-1, 5.0:MQTT-3.1.2-2, 3.1.1:MQTT-3.1.2-1, 3.1.1:MQTT-3.1.2-2
            first     | CLIENT | PROTOCOL_ERROR | CONNECT for [ mqtt ] 04 | 10 {['mqtt'] 04 02 003C ['id']} | 5.0:MQTT-3.1.2-1, 3.1.1:MQTT-3.1.2-1
            first     | CLIENT | PROTOCOL_ERROR | CONNECT for [] 04 | 10 {[] 04 02 003C ['id']} | 5.0:MQTT-3.1.2-1, 3.1.1:MQTT-3.1.2-1
            first     | CLIENT | PROTOCOL_ERROR | CONNECT for [ HTTP ] 05 | 10 {['HTTP'] 05 02 003C ['id']} | 5.0:MQTT-3.1.2-1, 3.1.1:MQTT-3.1.2-1
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT with the reserved flag | 10 {['MQTT'] 05 03 003C {} ['id']} | 5.0:MQTT-3.1.2-3
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with the reserved flag | 10 {['MQTT'] 04 03 003C ['id']} | 3.1.1:MQTT-3.1.2-3
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT with will QoS 3 | 10 {['MQTT'] 05 1E 003C {} ['id'] {} ['w'] []} | 5.0:MQTT-3.1.2-12
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with will QoS 3 | 10 {['MQTT'] 04 1E 003C ['id'] ['w'] []} | 3.1.1:MQTT-3.1.2-14
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT with will QoS and no will | 10 {['MQTT'] 05 0A 003C {} ['id']} | 5.0:MQTT-3.1.2-11
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with will QoS and no will | 10 {['MQTT'] 04 0A 003C ['id']} | 3.1.1:MQTT-3.1.2-13
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT with will retain and no will | 10 {['MQTT'] 05 22 003C {} ['id']} | 5.0:MQTT-3.1.2-13
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with will retain and no will | 10 {['MQTT'] 04 22 003C ['id']} | 3.1.1:MQTT-3.1.2-15
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT without client id | 10 {['MQTT'] 05 02 003C {}} | 5.0:MQTT-3.1.3-3
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT without client id | 10 {['MQTT'] 04 02 003C} | 3.1.1:MQTT-3.1.3-3
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT with a client id that is cut off | 10 {['MQTT'] 05 02 003C {} 0003 'id'} | 5.0:MQTT-3.1.4-1
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with a client id that is cut off | 10 {['MQTT'] 04 02 003C 0003 'id'} | 3.1.1:MQTT-3.1.4-1
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT with a client id that isn't UTF-8 | 10 {['MQTT'] 05 02 003C {} [FF]} | 5.0:MQTT-3.1.3-4
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with a client id that isn't UTF-8 | 10 {['MQTT'] 04 02 003C [FF]} | 3.1.1:MQTT-3.1.3-4
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT with a client id with a line feed | 10 {['MQTT'] 05 02 003C {} ['i' 0A]} | 5.0 section 1.5.4
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with a client id with U+009F | 10 {['MQTT'] 04 02 003C [C29F]} | 3.1.1 section 1.5.3
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT with U+0000 in the client id | 10 {['MQTT'] 05 02 003C {} ['i' 00 'd']} | 5.0:MQTT-1.5.4-2
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with U+0000 in the client id | 10 {['MQTT'] 04 02 003C ['i' 00 'd']} | 3.1.1:MQTT-1.5.3-2
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT without the announced user name | 10 {['MQTT'] 05 82 003C {} ['id']} | 5.0:MQTT-3.1.2-17
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT without the announced user name | 10 {['MQTT'] 04 82 003C ['id']} | 3.1.1:MQTT-3.1.2-19
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT without the announced password | 10 {['MQTT'] 05 C2 003C {} ['id'] ['u']} | 5.0:MQTT-3.1.2-19
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT without the announced password | 10 {['MQTT'] 04 C2 003C ['id'] ['u']} | 3.1.1:MQTT-3.1.2-21
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT with a user name that wasn't announced | 10 {['MQTT'] 05 02 003C {} ['id'] ['u']} | 5.0:MQTT-3.1.2-16
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with a user name that wasn't announced | 10 {['MQTT'] 04 02 003C ['id'] ['u']} | 3.1.1:MQTT-3.1.2-18
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT with a password that wasn't announced | 10 {['MQTT'] 05 82 003C {} ['id'] ['u'] ['p']} | 5.0:MQTT-3.1.2-18
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with a password that wasn't announced | 10 {['MQTT'] 04 82 003C ['id'] ['u'] ['p']} | 3.1.1:MQTT-3.1.2-20
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT with a user name that isn't UTF-8 | 10 {['MQTT'] 05 82 003C {} ['id'] [C0AF]} | 5.0:MQTT-3.1.3-12
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with a user name that isn't UTF-8 | 10 {['MQTT'] 04 82 003C ['id'] [C0AF]} | 3.1.1:MQTT-3.1.3-11
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with a user name with U+007F | 10 {['MQTT'] 04 82 003C ['id'] [7F]} | 3.1.1 section 1.5.3
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT without the announced will | 10 {['MQTT'] 04 06 003C ['id']} | 3.1.1:MQTT-3.1.2-9
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT without the will message | 10 {['MQTT'] 04 06 003C ['id'] ['w']} | 3.1.1:MQTT-3.1.2-9
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with a will topic that isn't UTF-8 | 10 {['MQTT'] 04 06 003C ['id'] [80] []} | 3.1.1:MQTT-3.1.3-10
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with a will topic with U+001F | 10 {['MQTT'] 04 06 003C ['id'] [1F] []} | 3.1.1 section 1.5.3
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with a wildcard in the will topic | 10 {['MQTT'] 04 06 003C ['id'] ['w/#'] []} | 3.1.1:MQTT-4.7.1-1
            first     | CLIENT | MALFORMED_PACKET | 3.1.1 CONNECT with a password alone | 10 {['MQTT'] 04 42 003C ['id'] ['p']} | 3.1.1:MQTT-3.1.2-22
            first     | CLIENT | CLIENT_IDENTIFIER_NOT_VALID | 3.1.1 CONNECT without client id for a kept session | 10 {['MQTT'] 04 00 003C []} | 3.1.1:MQTT-3.1.3-8
            first     | CLIENT | CLIENT_IDENTIFIER_NOT_VALID | 3.1 CONNECT with an empty client id | 10 {['MQIsdp'] 03 02 003C []} | 3.1 section 3.1
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT without the announced will | 10 {['MQTT'] 05 06 003C {} ['id']} | 5.0:MQTT-3.1.2-9
            first     | CLIENT | TOPIC_NAME_INVALID | 5.0 CONNECT with a wildcard in the will topic | 10 {['MQTT'] 05 06 003C {} ['id'] {} ['+'] []} | 5.0:MQTT-4.7.0-1
            first     | CLIENT | TOPIC_NAME_INVALID | 5.0 CONNECT with an empty will topic | 10 {['MQTT'] 05 06 003C {} ['id'] {} [] []} | 5.0:MQTT-4.7.3-1
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT with a will topic that isn't UTF-8 | 10 {['MQTT'] 05 06 003C {} ['id'] {} [ED A0 80] []} | 5.0:MQTT-3.1.3-11
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT without properties | 10 {['MQTT'] 05 02 003C} | 5.0:MQTT-2.2.2-1
            first     | CLIENT | PROTOCOL_ERROR | 5.0 CONNECT with authentication data alone | 10 {['MQTT'] 05 02 003C {16 [01]} ['id']} | 5.0 section 3.1.2.11.10
            first     | CLIENT | PROTOCOL_ERROR | 5.0 CONNECT with receive maximum 0 | 10 {['MQTT'] 05 02 003C {21 0000} ['id']} | 5.0 section 3.1.2.11.3
            first     | CLIENT | PROTOCOL_ERROR | 5.0 CONNECT with maximum packet size 0 | 10 {['MQTT'] 05 02 003C {27 00000000} ['id']} | 5.0 section 3.1.2.11.4
            first     | CLIENT | PROTOCOL_ERROR | 5.0 CONNECT with request response information 2 | 10 {['MQTT'] 05 02 003C {19 02} ['id']} | 5.0 section 3.1.2.11.6
            first     | CLIENT | PROTOCOL_ERROR | 5.0 CONNECT with request problem information 2 | 10 {['MQTT'] 05 02 003C {17 02} ['id']} | 5.0 section 3.1.2.11.7
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT with the will delay among its own properties | 10 {['MQTT'] 05 02 003C {18 00000001} ['id']} | 5.0 section 2.2.2.2
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT with a topic alias in the will | 10 {['MQTT'] 05 06 003C {} ['id'] {23 0001} ['w'] []} | 5.0 section 2.2.2.2
            first     | CLIENT | MALFORMED_PACKET | 5.0 CONNECT with the session expiry in the will | 10 {['MQTT'] 05 06 003C {} ['id'] {11 00000001} ['w'] []} | 5.0 section 2.2.2.2
            3.1.1     | SERVER | MALFORMED_PACKET | CONNACK with flags set | 20 02 02 00 | 5.0:MQTT-3.2.2-1
            5.0       | SERVER | MALFORMED_PACKET | CONNACK with flags set | 20 {80 00 {}} | 5.0:MQTT-3.2.2-1
            3.1.1     | SERVER | PROTOCOL_ERROR | CONNACK with return code 6 | 20 02 00 06 | 3.1.1 section 3.2.2.3
            3.1.1     | SERVER | PROTOCOL_ERROR | CONNACK refusing a present session | 20 02 01 05 | 3.1.1:MQTT-3.2.2-4
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK refusing a present session | 20 {01 87 {}} | 5.0:MQTT-3.2.2-6
            3.1.1     | SERVER | MALFORMED_PACKET | CONNACK too long | 20 03 00 00 00 | 3.1.1 section 3.2.1
            3.1       | SERVER | MALFORMED_PACKET | CONNACK too short | 20 01 00 | 3.1.1 section 3.2.1
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with a reason of SUBACK | 20 {00 01 {}} | 5.0:MQTT-3.2.2-8
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with an unknown reason | 20 {00 A3 {}} | 5.0:MQTT-3.2.2-8
            5.0       | SERVER | MALFORMED_PACKET | CONNACK without properties | 20 02 00 00 | 5.0:MQTT-2.2.2-1
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with maximum QoS 2 | 20 {00 00 {24 02}} | 5.0 section 3.2.2.3.4
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with retain available 2 | 20 {00 00 {25 02}} | 5.0 section 3.2.2.3.5
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with wildcards available 2 | 20 {00 00 {28 02}} | 5.0 section 3.2.2.3.11
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with identifiers available 2 | 20 {00 00 {29 FF}} | 5.0 section 3.2.2.3.12
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with shared subscriptions available 2 | 20 {00 00 {2A 02}} | 5.0 section 3.2.2.3.13
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with authentication data alone | 20 {00 00 {16 [01]}} | 5.0 section 3.2.2.3.18
            all       | CLIENT | MALFORMED_PACKET | PUBLISH QoS 3 | 36 {['a/b'] 0001 P} | 3.1.1:MQTT-3.3.1-4, 5.0:MQTT-3.3.1-4
            all       | CLIENT | MALFORMED_PACKET | PUBLISH QoS 0 with DUP | 38 {['a/b'] P} | 3.1.1:MQTT-3.3.1-2, 5.0:MQTT-3.3.1-2
            all       | CLIENT | MALFORMED_PACKET | PUBLISH of nothing | 30 00 | 3.1.1:MQTT-3.3.2-1, 5.0:MQTT-3.3.2-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH cut in the topic's length | 30 01 00 | 3.1.1:MQTT-3.3.2-1, 5.0:MQTT-3.3.2-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH cut in the topic | 30 {0004 'a/b'} | 3.1.1:MQTT-3.3.2-1, 5.0:MQTT-3.3.2-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH cut in the packet id | 32 {['a/b'] 00} | 3.1.1:MQTT-2.3.1-1, 5.0:MQTT-2.2.1-4
            all       | CLIENT | PROTOCOL_ERROR | PUBLISH QoS 1 with packet id 0 | 32 {['a/b'] 0000 P} | 3.1.1:MQTT-2.3.1-1, 5.0:MQTT-2.2.1-3
            all       | SERVER | PROTOCOL_ERROR | PUBLISH QoS 2 with packet id 0 | 34 {['a/b'] 0000 P} | 3.1.1:MQTT-2.3.1-4, 5.0:MQTT-2.2.1-4
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to a topic with a line feed | 30 {['a' 0A 'b'] P} | 3.1.1 section 1.5.3, 5.0 section 1.5.4
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to a topic with U+1FFFE | 30 {['a/b/c/d/e' F09FBFBE] P} | 3.1.1 section 1.5.3, 5.0 section 1.5.4
            3.x       | CLIENT | MALFORMED_PACKET | PUBLISH to + | 30 {['+']} | 3.1.1:MQTT-3.3.2-2
            5.0       | CLIENT | TOPIC_NAME_INVALID | PUBLISH to + | 30 {['+'] 00} | 5.0:MQTT-3.3.2-2
            3.x       | CLIENT | MALFORMED_PACKET | PUBLISH to # | 30 {['#']} | 3.1.1:MQTT-3.3.2-2
            5.0       | CLIENT | TOPIC_NAME_INVALID | PUBLISH to # | 30 {['#'] 00} | 5.0:MQTT-3.3.2-2
            3.x       | CLIENT | MALFORMED_PACKET | PUBLISH to a/+/b | 30 {['a/+/b']} | 3.1.1:MQTT-3.3.2-2
            5.0       | CLIENT | TOPIC_NAME_INVALID | PUBLISH to a/+/b | 30 {['a/+/b'] 00} | 5.0:MQTT-3.3.2-2
            3.x       | CLIENT | MALFORMED_PACKET | PUBLISH to a/b# | 30 {['a/b#']} | 3.1.1:MQTT-3.3.2-2
            5.0       | CLIENT | TOPIC_NAME_INVALID | PUBLISH to a/b# | 30 {['a/b#'] 00} | 5.0:MQTT-3.3.2-2
            3.x       | CLIENT | MALFORMED_PACKET | PUBLISH to long/enough/for/a/word/+ | 30 {['long/enough/for/a/word/+']} | 3.1.1:MQTT-3.3.2-2
            5.0       | CLIENT | TOPIC_NAME_INVALID | PUBLISH to long/enough/for/a/word/+ | 30 {['long/enough/for/a/word/+'] 00} | 5.0:MQTT-3.3.2-2
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes 00 | 30 {[00] P} | 3.1.1:MQTT-1.5.3-2, 5.0:MQTT-1.5.4-2
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes  a  00  b  | 30 {['a' 00 'b'] P} | 3.1.1:MQTT-1.5.3-2, 5.0:MQTT-1.5.4-2
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes 80 | 30 {[80] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes BF | 30 {[BF] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes C0 80 | 30 {[C0 80] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes C1 BF | 30 {[C1 BF] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes C3 | 30 {[C3] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes C3 28 | 30 {[C3 28] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes E0 9F BF | 30 {[E0 9F BF] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes E2 82 | 30 {[E2 82] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes E2 28 A1 | 30 {[E2 28 A1] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes E2 82 28 | 30 {[E2 82 28] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes ED A0 80 | 30 {[ED A0 80] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes ED BF BF | 30 {[ED BF BF] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes F0 8F BF BF | 30 {[F0 8F BF BF] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes F0 90 80 | 30 {[F0 90 80] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes F0 28 8C BC | 30 {[F0 28 8C BC] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes F0 90 28 BC | 30 {[F0 90 28 BC] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes F0 90 8C 28 | 30 {[F0 90 8C 28] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes F4 90 80 80 | 30 {[F4 90 80 80] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes F5 80 80 80 | 30 {[F5 80 80 80] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes FF | 30 {[FF] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes FE | 30 {[FE] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes  eight by  00  rest of it  | 30 {['eight by' 00 'rest of it'] P} | 3.1.1:MQTT-1.5.3-2, 5.0:MQTT-1.5.4-2
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes  eight by  E282 | 30 {['eight by' E282] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            all       | CLIENT | MALFORMED_PACKET | PUBLISH to bytes  seventy  ED A0 80  x  | 30 {['seventy' ED A0 80 'x'] P} | 3.1.1:MQTT-1.5.3-1, 5.0:MQTT-1.5.4-1
            3.1       | CLIENT | MALFORMED_PACKET | PUBLISH to nowhere | 30 {[] 'x'} | 3.1.1:MQTT-4.7.3-1
            5.0       | CLIENT | PROTOCOL_ERROR | PUBLISH to nowhere | 30 {[] {} 'x'} | 5.0:MQTT-4.7.3-1
            3.1.1     | SERVER | MALFORMED_PACKET | PUBLISH to nowhere | 30 {[] 'x'} | 3.1.1:MQTT-4.7.3-1
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH without properties | 30 {['a/b']} | 5.0:MQTT-2.2.2-1
            5.0       | CLIENT | TOPIC_ALIAS_INVALID | PUBLISH with topic alias 0 | 30 {['a/b'] {23 0000}} | 5.0:MQTT-3.3.2-8
            5.0       | CLIENT | PROTOCOL_ERROR | PUBLISH with a subscription identifier from a client | 30 {['a/b'] {0B 01}} | 5.0:MQTT-3.3.4-6
            5.0       | SERVER | PROTOCOL_ERROR | PUBLISH with subscription identifier 0 | 30 {['a/b'] {0B 00}} | 5.0 section 3.3.2.3.8
            5.0       | CLIENT | PROTOCOL_ERROR | PUBLISH with payload format 2 | 30 {['a/b'] {01 02}} | 5.0 section 3.3.2.3.2
            5.0       | CLIENT | PROTOCOL_ERROR | PUBLISH with a wildcard in the response topic | 30 {['a/b'] {08 ['a/#']}} | 5.0:MQTT-3.3.2-14
            5.0       | CLIENT | PROTOCOL_ERROR | PUBLISH with an empty response topic | 30 {['a/b'] {08 []}} | 5.0:MQTT-4.7.3-1
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with a response topic that isn't UTF-8 | 30 {['a/b'] {08 [C0]}} | 5.0:MQTT-3.3.2-13
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with a content type that isn't UTF-8 | 30 {['a/b'] {03 [EDBFBF]}} | 5.0:MQTT-3.3.2-19
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties longer than the packet | 30 {['a/b'] 05 01 01} | 5.0 section 2.2.2.1
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with a padded length | 30 {['a/b'] 82 00 01 01} | 5.0:MQTT-1.5.5-1
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with a length of five bytes | 30 {['a/b'] 80 80 80 80 01} | 5.0 section 1.5.5
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with a length that is cut off | 30 {['a/b'] 80} | 5.0 section 1.5.5
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with an unknown identifier | 30 {['a/b'] {04 00}} | 5.0 section 2.2.2.2
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with identifier 0 | 30 {['a/b'] {00}} | 5.0 section 2.2.2.2
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with an identifier of two bytes | 30 {['a/b'] {81 01 00}} | 5.0 section 2.2.2.2
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with an identifier beyond the last | 30 {['a/b'] {2B 00}} | 5.0 section 2.2.2.2
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with a misplaced one | 30 {['a/b'] {13 003C}} | 5.0 section 2.2.2.2
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with a cut byte | 30 {['a/b'] {01}} | 5.0 section 2.2.2.2
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with a cut two-byte integer | 30 {['a/b'] {23 00}} | 5.0 section 2.2.2.2
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with a cut four-byte integer | 30 {['a/b'] {02 000000}} | 5.0 section 2.2.2.2
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with a cut string length | 30 {['a/b'] {03 00}} | 5.0 section 2.2.2.2
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with a cut string | 30 {['a/b'] {03 0002 'x'}} | 5.0 section 2.2.2.2
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with a string that reaches into the payload | 30 {['a/b'] 04 03 0002 'xy'} | 5.0 section 2.2.2.2
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with cut binary data | 30 {['a/b'] {09 0002 00}} | 5.0 section 2.2.2.2
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with a user property of one string | 30 {['a/b'] {26 ['k']}} | 5.0:MQTT-1.5.7-1
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with a user property name that isn't UTF-8 | 30 {['a/b'] {26 [FF] ['v']}} | 5.0:MQTT-1.5.7-1
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with a user property value that isn't UTF-8 | 30 {['a/b'] {26 ['k'] [FF]}} | 5.0:MQTT-1.5.7-1
            5.0       | CLIENT | MALFORMED_PACKET | PUBLISH with properties with U+0000 in a string | 30 {['a/b'] {03 ['a' 00]}} | 5.0:MQTT-1.5.4-2
            5.0       | CLIENT | PROTOCOL_ERROR | PUBLISH with properties with 01 00 twice | 30 {['a/b'] {01 0001 00}} | 5.0 section 3.3.2.3
            5.0       | CLIENT | PROTOCOL_ERROR | PUBLISH with properties with 02 00000001 twice | 30 {['a/b'] {02 0000000102 00000001}} | 5.0 section 3.3.2.3
            5.0       | CLIENT | PROTOCOL_ERROR | PUBLISH with properties with 03 [ c ] twice | 30 {['a/b'] {03 ['c']03 ['c']}} | 5.0 section 3.3.2.3
            5.0       | CLIENT | PROTOCOL_ERROR | PUBLISH with properties with 08 [ r ] twice | 30 {['a/b'] {08 ['r']08 ['r']}} | 5.0 section 3.3.2.3
            5.0       | CLIENT | PROTOCOL_ERROR | PUBLISH with properties with 09 [00] twice | 30 {['a/b'] {09 [00]09 [00]}} | 5.0 section 3.3.2.3
            5.0       | CLIENT | PROTOCOL_ERROR | PUBLISH with properties with 23 0001 twice | 30 {['a/b'] {23 000123 0001}} | 5.0 section 3.3.2.3
            first     | CLIENT | PROTOCOL_ERROR | 5.0 CONNECT with 11 00000001 twice | 10 {['MQTT'] 05 02 003C {11 0000000111 00000001} ['id']} | 5.0 section 3.1.2.11
            first     | CLIENT | PROTOCOL_ERROR | 5.0 CONNECT with 21 0001 twice | 10 {['MQTT'] 05 02 003C {21 000121 0001} ['id']} | 5.0 section 3.1.2.11
            first     | CLIENT | PROTOCOL_ERROR | 5.0 CONNECT with 27 00000001 twice | 10 {['MQTT'] 05 02 003C {27 0000000127 00000001} ['id']} | 5.0 section 3.1.2.11
            first     | CLIENT | PROTOCOL_ERROR | 5.0 CONNECT with 22 0001 twice | 10 {['MQTT'] 05 02 003C {22 000122 0001} ['id']} | 5.0 section 3.1.2.11
            first     | CLIENT | PROTOCOL_ERROR | 5.0 CONNECT with 19 00 twice | 10 {['MQTT'] 05 02 003C {19 0019 00} ['id']} | 5.0 section 3.1.2.11
            first     | CLIENT | PROTOCOL_ERROR | 5.0 CONNECT with 17 00 twice | 10 {['MQTT'] 05 02 003C {17 0017 00} ['id']} | 5.0 section 3.1.2.11
            first     | CLIENT | PROTOCOL_ERROR | 5.0 CONNECT with 15 [ m ] twice | 10 {['MQTT'] 05 02 003C {15 ['m']15 ['m']} ['id']} | 5.0 section 3.1.2.11
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with 12 [ i ] twice | 20 {00 00 {12 ['i']12 ['i']}} | 5.0 section 3.2.2.3
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with 13 0001 twice | 20 {00 00 {13 000113 0001}} | 5.0 section 3.2.2.3
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with 1A [ r ] twice | 20 {00 00 {1A ['r']1A ['r']}} | 5.0 section 3.2.2.3
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with 1C [ s ] twice | 20 {00 00 {1C ['s']1C ['s']}} | 5.0 section 3.2.2.3
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with 1F [ r ] twice | 20 {00 00 {1F ['r']1F ['r']}} | 5.0 section 3.2.2.3
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with 24 00 twice | 20 {00 00 {24 0024 00}} | 5.0 section 3.2.2.3
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with 25 00 twice | 20 {00 00 {25 0025 00}} | 5.0 section 3.2.2.3
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with 28 00 twice | 20 {00 00 {28 0028 00}} | 5.0 section 3.2.2.3
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with 29 00 twice | 20 {00 00 {29 0029 00}} | 5.0 section 3.2.2.3
            5.0       | SERVER | PROTOCOL_ERROR | CONNACK with 2A 00 twice | 20 {00 00 {2A 002A 00}} | 5.0 section 3.2.2.3
            3.x       | CLIENT | MALFORMED_PACKET | acknowledgement 40 with a body | 40 03 0001 00 | 3.1.1 section 3.4.1
            3.x       | SERVER | PROTOCOL_ERROR | acknowledgement 40 with packet id 0 | 40 02 0000 | 3.1.1:MQTT-2.3.1-6
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 40 too short | 40 01 00 | 5.0 section 3.4.2
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 40 of nothing | 40 00 | 5.0 section 3.4.2
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 40 with packet id 0 | 40 02 0000 | 5.0:MQTT-2.2.1-5
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 40 with a reason of SUBACK | 40 03 0001 01 | 5.0:MQTT-3.4.2-1
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 40 with an unknown reason | 40 03 0001 7F | 5.0:MQTT-3.4.2-1
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 40 with bytes behind its properties | 40 05 0001 00 00 00 | 5.0 section 3.4.2
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 40 with a misplaced property | 40 {0001 00 {01 00}} | 5.0 section 2.2.2.2
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 40 with two reason strings | 40 {0001 00 {1F [] 1F []}} | 5.0 section 3.4.2.2.2
            3.x       | CLIENT | MALFORMED_PACKET | acknowledgement 50 with a body | 50 03 0001 00 | 3.1.1 section 3.4.1
            3.x       | SERVER | PROTOCOL_ERROR | acknowledgement 50 with packet id 0 | 50 02 0000 | 3.1.1:MQTT-2.3.1-6
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 50 too short | 50 01 00 | 5.0 section 3.4.2
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 50 of nothing | 50 00 | 5.0 section 3.4.2
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 50 with packet id 0 | 50 02 0000 | 5.0:MQTT-2.2.1-5
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 50 with a reason of SUBACK | 50 03 0001 01 | 5.0:MQTT-3.4.2-1
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 50 with an unknown reason | 50 03 0001 7F | 5.0:MQTT-3.4.2-1
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 50 with bytes behind its properties | 50 05 0001 00 00 00 | 5.0 section 3.4.2
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 50 with a misplaced property | 50 {0001 00 {01 00}} | 5.0 section 2.2.2.2
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 50 with two reason strings | 50 {0001 00 {1F [] 1F []}} | 5.0 section 3.4.2.2.2
            3.x       | CLIENT | MALFORMED_PACKET | acknowledgement 62 with a body | 62 03 0001 00 | 3.1.1 section 3.4.1
            3.x       | SERVER | PROTOCOL_ERROR | acknowledgement 62 with packet id 0 | 62 02 0000 | 3.1.1:MQTT-2.3.1-6
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 62 too short | 62 01 00 | 5.0 section 3.4.2
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 62 of nothing | 62 00 | 5.0 section 3.4.2
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 62 with packet id 0 | 62 02 0000 | 5.0:MQTT-2.2.1-5
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 62 with a reason of SUBACK | 62 03 0001 01 | 5.0:MQTT-3.4.2-1
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 62 with an unknown reason | 62 03 0001 7F | 5.0:MQTT-3.4.2-1
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 62 with bytes behind its properties | 62 05 0001 00 00 00 | 5.0 section 3.4.2
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 62 with a misplaced property | 62 {0001 00 {01 00}} | 5.0 section 2.2.2.2
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 62 with two reason strings | 62 {0001 00 {1F [] 1F []}} | 5.0 section 3.4.2.2.2
            3.x       | CLIENT | MALFORMED_PACKET | acknowledgement 70 with a body | 70 03 0001 00 | 3.1.1 section 3.4.1
            3.x       | SERVER | PROTOCOL_ERROR | acknowledgement 70 with packet id 0 | 70 02 0000 | 3.1.1:MQTT-2.3.1-6
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 70 too short | 70 01 00 | 5.0 section 3.4.2
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 70 of nothing | 70 00 | 5.0 section 3.4.2
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 70 with packet id 0 | 70 02 0000 | 5.0:MQTT-2.2.1-5
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 70 with a reason of SUBACK | 70 03 0001 01 | 5.0:MQTT-3.4.2-1
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 70 with an unknown reason | 70 03 0001 7F | 5.0:MQTT-3.4.2-1
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 70 with bytes behind its properties | 70 05 0001 00 00 00 | 5.0 section 3.4.2
            5.0       | CLIENT | MALFORMED_PACKET | acknowledgement 70 with a misplaced property | 70 {0001 00 {01 00}} | 5.0 section 2.2.2.2
            5.0       | CLIENT | PROTOCOL_ERROR | acknowledgement 70 with two reason strings | 70 {0001 00 {1F [] 1F []}} | 5.0 section 3.4.2.2.2
            5.0       | CLIENT | PROTOCOL_ERROR | PUBREL with NOT_AUTHORIZED | 62 03 0001 87 | 5.0:MQTT-3.6.2-1
            5.0       | CLIENT | PROTOCOL_ERROR | PUBCOMP with NOT_AUTHORIZED | 70 03 0001 87 | 5.0:MQTT-3.7.2-1
            5.0       | CLIENT | PROTOCOL_ERROR | PUBREC with PACKET_IDENTIFIER_NOT_FOUND | 50 03 0001 92 | 5.0:MQTT-3.5.2-1
            all       | CLIENT | PROTOCOL_ERROR | SUBSCRIBE with packet id 0 | 82 {0000 P ['a'] 00} | 3.1.1:MQTT-2.3.1-1, 5.0:MQTT-2.2.1-3
            all       | CLIENT | PROTOCOL_ERROR | SUBSCRIBE to nothing | 82 {0001 P} | 3.1.1:MQTT-3.8.3-3, 5.0:MQTT-3.8.3-2
            all       | CLIENT | MALFORMED_PACKET | SUBSCRIBE to an empty filter | 82 {0001 P [] 00} | 3.1.1:MQTT-4.7.3-1, 5.0:MQTT-4.7.3-1
            all       | CLIENT | MALFORMED_PACKET | SUBSCRIBE to a filter that isn't UTF-8 | 82 {0001 P [C2] 00} | 3.1.1:MQTT-3.8.3-1, 5.0:MQTT-3.8.3-1
            all       | CLIENT | MALFORMED_PACKET | SUBSCRIBE to a filter with U+0001 | 82 {0001 P [01] 00} | 3.1.1 section 1.5.3, 5.0 section 1.5.4
            all       | CLIENT | MALFORMED_PACKET | SUBSCRIBE to a filter with U+FFFF | 82 {0001 P [EFBFBF] 00} | 3.1.1 section 1.5.3, 5.0 section 1.5.4
            all       | CLIENT | MALFORMED_PACKET | SUBSCRIBE with U+0000 in the filter | 82 {0001 P [00] 00} | 3.1.1:MQTT-4.7.3-2, 5.0:MQTT-4.7.3-2
            all       | CLIENT | MALFORMED_PACKET | SUBSCRIBE without options | 82 {0001 P ['a'] 00 ['b']} | 3.1.1:MQTT-3.8.3-3, 5.0:MQTT-3.8.3-2
            3.x       | CLIENT | MALFORMED_PACKET | SUBSCRIBE with QoS 3 | 82 {0001 ['a'] 03} | 3.1.1:MQTT-3.8.3-4
            5.0       | CLIENT | PROTOCOL_ERROR | SUBSCRIBE with QoS 3 | 82 {0001 {} ['a'] 03} | 5.0 section 3.8.3.1
            all       | CLIENT | MALFORMED_PACKET | SUBSCRIBE with reserved bits | 82 {0001 P ['a'] 40} | 3.1.1:MQTT-3.8.3-4, 5.0:MQTT-3.8.3-5
            all       | CLIENT | PROTOCOL_ERROR | UNSUBSCRIBE with packet id 0 | A2 {0000 P ['a']} | 3.1.1:MQTT-2.3.1-1, 5.0:MQTT-2.2.1-3
            all       | CLIENT | PROTOCOL_ERROR | UNSUBSCRIBE from nothing | A2 {0001 P} | 3.1.1:MQTT-3.10.3-2, 5.0:MQTT-3.10.3-2
            all       | CLIENT | MALFORMED_PACKET | UNSUBSCRIBE from an empty filter | A2 {0001 P []} | 3.1.1:MQTT-4.7.3-1, 5.0:MQTT-4.7.3-1
            all       | CLIENT | MALFORMED_PACKET | UNSUBSCRIBE from a filter that isn't UTF-8 | A2 {0001 P [C2]} | 3.1.1:MQTT-3.10.3-1, 5.0:MQTT-3.10.3-1
            all       | CLIENT | MALFORMED_PACKET | UNSUBSCRIBE from a filter with U+FDD0 | A2 {0001 P [EFB790]} | 3.1.1 section 1.5.3, 5.0 section 1.5.4
            all       | SERVER | PROTOCOL_ERROR | SUBACK with packet id 0 | 90 {0000 P 00} | 3.1.1:MQTT-2.3.1-7, 5.0:MQTT-2.2.1-6
            all       | SERVER | PROTOCOL_ERROR | SUBACK without codes | 90 {0001 P} | 3.1.1:MQTT-3.9.3-1, 5.0:MQTT-3.9.3-1
            all       | SERVER | PROTOCOL_ERROR | SUBACK with code 3 | 90 {0001 P 03} | 3.1.1:MQTT-3.9.3-2, 5.0:MQTT-3.9.3-2
            all       | SERVER | PROTOCOL_ERROR | UNSUBACK with packet id 0 | B0 {0000 P} | 3.1.1:MQTT-2.3.1-7, 5.0:MQTT-2.2.1-6
            all       | SERVER | MALFORMED_PACKET | UNSUBACK too short | B0 01 00 | 5.0 section 3.11.2
            3.x       | CLIENT | MALFORMED_PACKET | SUBSCRIBE to a# | 82 {0001 ['a#'] 00} | 3.1.1:MQTT-4.7.1-2
            3.x       | CLIENT | MALFORMED_PACKET | UNSUBSCRIBE from a# | A2 {0001 ['a#']} | 3.1.1:MQTT-4.7.1-2
            3.x       | CLIENT | MALFORMED_PACKET | SUBSCRIBE to #/a | 82 {0001 ['#/a'] 00} | 3.1.1:MQTT-4.7.1-2
            3.x       | CLIENT | MALFORMED_PACKET | UNSUBSCRIBE from #/a | A2 {0001 ['#/a']} | 3.1.1:MQTT-4.7.1-2
            3.x       | CLIENT | MALFORMED_PACKET | SUBSCRIBE to a/#/b | 82 {0001 ['a/#/b'] 00} | 3.1.1:MQTT-4.7.1-2
            3.x       | CLIENT | MALFORMED_PACKET | UNSUBSCRIBE from a/#/b | A2 {0001 ['a/#/b']} | 3.1.1:MQTT-4.7.1-2
            3.x       | CLIENT | MALFORMED_PACKET | SUBSCRIBE to a+ | 82 {0001 ['a+'] 00} | 3.1.1:MQTT-4.7.1-3
            3.x       | CLIENT | MALFORMED_PACKET | UNSUBSCRIBE from a+ | A2 {0001 ['a+']} | 3.1.1:MQTT-4.7.1-3
            3.x       | CLIENT | MALFORMED_PACKET | SUBSCRIBE to +a | 82 {0001 ['+a'] 00} | 3.1.1:MQTT-4.7.1-3
            3.x       | CLIENT | MALFORMED_PACKET | UNSUBSCRIBE from +a | A2 {0001 ['+a']} | 3.1.1:MQTT-4.7.1-3
            3.x       | CLIENT | MALFORMED_PACKET | SUBSCRIBE to a/+b | 82 {0001 ['a/+b'] 00} | 3.1.1:MQTT-4.7.1-3
            3.x       | CLIENT | MALFORMED_PACKET | UNSUBSCRIBE from a/+b | A2 {0001 ['a/+b']} | 3.1.1:MQTT-4.7.1-3
            3.x       | CLIENT | MALFORMED_PACKET | SUBSCRIBE to ## | 82 {0001 ['##'] 00} | 3.1.1:MQTT-4.7.1-2
            3.x       | CLIENT | MALFORMED_PACKET | UNSUBSCRIBE from ## | A2 {0001 ['##']} | 3.1.1:MQTT-4.7.1-2
            3.x       | CLIENT | MALFORMED_PACKET | SUBSCRIBE to ++ | 82 {0001 ['++'] 00} | 3.1.1:MQTT-4.7.1-3
            3.x       | CLIENT | MALFORMED_PACKET | UNSUBSCRIBE from ++ | A2 {0001 ['++']} | 3.1.1:MQTT-4.7.1-3
            3.x       | CLIENT | MALFORMED_PACKET | SUBSCRIBE to a/b+/c | 82 {0001 ['a/b+/c'] 00} | 3.1.1:MQTT-4.7.1-3
            3.x       | CLIENT | MALFORMED_PACKET | UNSUBSCRIBE from a/b+/c | A2 {0001 ['a/b+/c']} | 3.1.1:MQTT-4.7.1-3
            3.x       | CLIENT | MALFORMED_PACKET | SUBSCRIBE to +# | 82 {0001 ['+#'] 00} | 3.1.1:MQTT-4.7.1-2
            3.x       | CLIENT | MALFORMED_PACKET | UNSUBSCRIBE from +# | A2 {0001 ['+#']} | 3.1.1:MQTT-4.7.1-2
            3.x       | SERVER | PROTOCOL_ERROR | SUBACK with a code of 5.0 | 90 {0001 87} | 3.1.1:MQTT-3.9.3-2
            3.x       | SERVER | MALFORMED_PACKET | UNSUBACK with codes | B0 {0001 00} | 3.1.1 section 3.11.1
            3.x       | CLIENT | MALFORMED_PACKET | DISCONNECT with a body | E0 01 00 | 3.1.1 section 3.14.1
            5.0       | CLIENT | PROTOCOL_ERROR | SUBSCRIBE with retain handling 3 | 82 {0001 {} ['a'] 30} | 5.0 section 3.8.3.1
            5.0       | CLIENT | PROTOCOL_ERROR | SUBSCRIBE shared with no local | 82 {0001 {} ['$share/g/a'] 04} | 5.0:MQTT-3.8.3-4
            5.0       | CLIENT | PROTOCOL_ERROR | SUBSCRIBE with identifier 0 | 82 {0001 {0B 00} ['a'] 00} | 5.0 section 3.8.2.1.2
            5.0       | CLIENT | PROTOCOL_ERROR | SUBSCRIBE with two identifiers | 82 {0001 {0B 01 0B 01} ['a'] 00} | 5.0 section 3.8.2.1.2
            5.0       | CLIENT | MALFORMED_PACKET | SUBSCRIBE with an identifier of five bytes | 82 {0001 {0B 80808080 01} ['a'] 00} | 5.0 section 1.5.5
            5.0       | CLIENT | MALFORMED_PACKET | SUBSCRIBE with a padded identifier | 82 {0001 {0B 8100} ['a'] 00} | 5.0:MQTT-1.5.5-1
            5.0       | CLIENT | MALFORMED_PACKET | SUBSCRIBE with an identifier that is cut off | 82 {0001 {0B 81} ['a'] 00} | 5.0 section 1.5.5
            5.0       | CLIENT | MALFORMED_PACKET | SUBSCRIBE without properties | 82 {0001} | 5.0:MQTT-2.2.2-1
            5.0       | CLIENT | MALFORMED_PACKET | UNSUBSCRIBE with an identifier | A2 {0001 {0B 01} ['a']} | 5.0 section 2.2.2.2
            5.0       | SERVER | PROTOCOL_ERROR | UNSUBACK without codes | B0 {0001 {}} | 5.0:MQTT-3.11.3-1
            5.0       | SERVER | PROTOCOL_ERROR | UNSUBACK with a code of SUBACK | B0 {0001 {} 01} | 5.0:MQTT-3.11.3-2
            5.0       | CLIENT | PROTOCOL_ERROR | DISCONNECT with an unknown reason | E0 01 03 | 5.0:MQTT-3.14.2-1
            5.0       | CLIENT | PROTOCOL_ERROR | DISCONNECT with a reason of CONNACK | E0 01 84 | 5.0:MQTT-3.14.2-1
            5.0       | CLIENT | MALFORMED_PACKET | DISCONNECT with bytes behind its properties | E0 03 00 00 00 | 5.0 section 3.14.2
            5.0       | SERVER | PROTOCOL_ERROR | DISCONNECT with the session expiry from a server | E0 {8B {11 00000001}} | 5.0:MQTT-3.14.2-2
            5.0       | CLIENT | PROTOCOL_ERROR | AUTH with an unknown reason | F0 {01 {15 ['m']}} | 5.0:MQTT-3.15.2-1
            5.0       | CLIENT | PROTOCOL_ERROR | AUTH without properties | F0 01 18 | 5.0 section 3.15.2.2.2
            5.0       | CLIENT | PROTOCOL_ERROR | AUTH without a method | F0 {18 {16 [01]}} | 5.0 section 3.15.2.2.2
            5.0       | CLIENT | PROTOCOL_ERROR | AUTH with two methods | F0 {18 {15 ['m'] 15 ['m']}} | 5.0 section 3.15.2.2.2
            """;

    private MalformedVectors() {}

    static List<Malformed> read() {
        return TABLE.lines().flatMap(line -> row(line.split(" \\| ")).stream()).toList();
    }

    private static List<Malformed> row(String[] cells) {
        List<Malformed> vectors = new ArrayList<>();
        for (String version : versions(cells[0].strip())) {
            boolean v5 = version.equals("V5");
            vectors.add(new Malformed(
                    cells[3],
                    version.equals("first") ? null : MqttVersion.valueOf(version),
                    Peer.valueOf(cells[1]),
                    Bytes.of(properties(cells[4], v5 ? "00" : "")),
                    ReasonCode.valueOf(cells[2]),
                    cells[5]));
        }
        return vectors;
    }

    /** Fills in P, where it isn't part of a text. */
    private static String properties(String notation, String block) {
        return notation.replaceAll("P(?=([^']*'[^']*')*[^']*$)", block);
    }

    private static List<String> versions(String cell) {
        return switch (cell) {
            case "all" -> List.of("V3_1", "V3_1_1", "V5");
            case "3.x" -> List.of("V3_1", "V3_1_1");
            default ->
                Arrays.stream(cell.split("\\+"))
                        .map(v -> switch (v) {
                            case "3.1" -> "V3_1";
                            case "3.1.1" -> "V3_1_1";
                            case "5.0" -> "V5";
                            default -> v;
                        })
                        .toList();
        };
    }
}
