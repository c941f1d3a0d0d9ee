package dev.dunlin.broker.mangling;

import static dev.dunlin.broker.mangling.Changes.ifHas;
import static dev.dunlin.broker.mangling.Changes.nextId;
import static dev.dunlin.broker.mangling.Changes.subscriptions;
import static dev.dunlin.broker.mangling.Changes.will;
import static dev.dunlin.broker.mangling.Changes.with;
import static dev.dunlin.broker.mangling.Changes.without;
import static dev.dunlin.broker.mangling.Rule.asked;
import static dev.dunlin.broker.mangling.Rule.nothing;
import static dev.dunlin.broker.mangling.Rule.sent;

import dev.dunlin.codec.Connack;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.Packet.Ack;
import dev.dunlin.codec.Packet.Disconnect;
import dev.dunlin.codec.Packet.Pingresp;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.ReceivedPublish;
import dev.dunlin.codec.Suback;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import dev.dunlin.codec.Unsuback;
import dev.dunlin.codec.WillMessage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/** The rules that are broken one at a time, each with the test that must notice. */
final class Rules {
    private Rules() {}

    static List<Rule> all() {
        List<Rule> rules = new ArrayList<>();
        rules.addAll(connack());
        rules.addAll(acknowledgements());
        rules.addAll(publishFlags());
        rules.addAll(publishContents());
        rules.addAll(flow());
        rules.addAll(requests());
        rules.addAll(features());
        return rules;
    }

    private static List<Rule> connack() {
        return List.of(
                sent(
                        "session present flipped",
                        "SessionTest#isResumedAndSaysSo",
                        Connack.class,
                        c -> new Connack(!c.sessionPresent(), c.reason(), c.properties())),
                sent(
                        "session present after a clean start",
                        "SessionTest#isDiscardedByACleanStart",
                        Connack.class,
                        c -> new Connack(true, c.reason(), c.properties())),
                sent(
                        "assigned client identifier dropped",
                        "ConnectTest#assignsAUniqueIdToANamelessClient",
                        Connack.class,
                        connackWithout(Property.ASSIGNED_CLIENT_IDENTIFIER)),
                sent(
                        "receive maximum not announced",
                        "LimitsTest#announcesAndHoldsItsReceiveMaximum",
                        Connack.class,
                        connackWithout(Property.RECEIVE_MAXIMUM)),
                sent(
                        "maximum packet size not announced",
                        "LimitsTest#announcesItsMaximumPacketSize",
                        Connack.class,
                        connackWithout(Property.MAXIMUM_PACKET_SIZE)),
                sent(
                        "session expiry cut in silence",
                        "LimitsTest#cutsTheSessionExpiryIntervalAndSaysSo",
                        Connack.class,
                        connackWithout(Property.SESSION_EXPIRY_INTERVAL)),
                sent(
                        "another return code",
                        "ConnectTest#refusesNamelessPersistentClientsOf311",
                        Connack.class,
                        c -> new Connack(false, ReasonCode.NOT_AUTHORIZED, Properties.EMPTY)),
                sent(
                        "a refused client let in",
                        "AuthenticationTest#refusesEverybodyElse",
                        Connack.class,
                        c -> c.reason().isError() ? new Connack(false, ReasonCode.SUCCESS, Properties.EMPTY) : c));
    }

    private static Function<Connack, Object> connackWithout(Property property) {
        return c -> c.properties().has(property)
                ? new Connack(c.sessionPresent(), c.reason(), without(c.properties(), property))
                : c;
    }

    private static List<Rule> acknowledgements() {
        String qos1 = "PublishTest#answersQos1WithPuback";
        String qos2 = "PublishTest#answersQos2WithPubrecAndPubrelWithPubcomp";
        String unsubscribe = "SubscribeTest#answersUnsubscribeAlsoWhenThereWasNothingToRemove";
        return List.of(
                sent("packet id + 1 in PUBACK", qos1, Ack.class, nextId(PacketType.PUBACK)),
                sent("packet id + 1 in PUBREC", qos2, Ack.class, nextId(PacketType.PUBREC)),
                sent("packet id + 1 in PUBCOMP", qos2, Ack.class, nextId(PacketType.PUBCOMP)),
                sent(
                        "packet id + 1 in PUBREL",
                        "DeliveryTest#resendsPubrelNotThePublishOnceItWasReceived",
                        Ack.class,
                        nextId(PacketType.PUBREL)),
                sent(
                        "packet id + 1 in SUBACK",
                        "SubscribeTest#answersSubscribeWithSubackOfTheSameId",
                        Suback.class,
                        s -> new Suback(Changes.after(s.packetId()), s.properties(), s.reasons())),
                sent(
                        "packet id + 1 in UNSUBACK",
                        unsubscribe,
                        Unsuback.class,
                        u -> new Unsuback(Changes.after(u.packetId()), u.properties(), u.reasons())),
                sent(
                        "no matching subscribers kept secret",
                        qos1,
                        Ack.class,
                        a -> a.reason() == ReasonCode.NO_MATCHING_SUBSCRIBERS
                                ? new Ack(a.type(), a.packetId(), ReasonCode.SUCCESS, a.properties())
                                : a),
                sent(
                        "an unknown subscription removed with success",
                        unsubscribe,
                        Unsuback.class,
                        u -> u.reasons().contains(ReasonCode.NO_SUBSCRIPTION_EXISTED)
                                ? new Unsuback(
                                        u.packetId(),
                                        u.properties(),
                                        Collections.nCopies(u.reasons().size(), ReasonCode.SUCCESS))
                                : u),
                sent(
                        "reason codes of SUBACK in reverse",
                        "SubscribeTest#answersSeveralFiltersInOneSubackInTheirOrder",
                        Suback.class,
                        s -> {
                            List<ReasonCode> reverse = new ArrayList<>(s.reasons());
                            Collections.reverse(reverse);
                            return reverse.equals(s.reasons()) ? s : new Suback(s.packetId(), s.properties(), reverse);
                        }),
                sent(
                        "a reason string that nobody wanted",
                        "PublishTest#saysNothingToAClientThatWantsNoProblemInformation",
                        Ack.class,
                        a -> a.reason().isError()
                                ? new Ack(
                                        a.type(),
                                        a.packetId(),
                                        a.reason(),
                                        Properties.builder()
                                                .add(Property.REASON_STRING, "why")
                                                .build())
                                : a));
    }

    private static List<Rule> publishFlags() {
        return List.of(
                sent(
                        "DUP cleared",
                        "DeliveryTest#resendsUnackedPublishesInOrderAfterReconnect",
                        ReceivedPublish.class,
                        p -> p.dup() ? p.with(false, p.retain()) : p),
                sent(
                        "DUP of the publisher handed on",
                        "PublishTest#forwardsWithoutTheDupOfThePublisher",
                        ReceivedPublish.class,
                        p -> p.qos() == QoS.AT_MOST_ONCE ? p : p.with(true, p.retain())),
                sent(
                        "DUP on a first delivery",
                        "DeliveryTest#sendsWhatWasQueuedOfflineWithoutDup",
                        ReceivedPublish.class,
                        p -> p.qos() == QoS.AT_MOST_ONCE ? p : p.with(true, p.retain())),
                sent(
                        "retain bit kept",
                        "RetainedTest#sendsItToEstablishedSubscriptionsWithoutRetain",
                        ReceivedPublish.class,
                        p -> p.with(p.dup(), true)),
                sent(
                        "retain bit cleared",
                        "RetainedTest#sendsTheRetainedMessageToANewSubscription",
                        ReceivedPublish.class,
                        p -> p.retain() ? p.with(p.dup(), false) : p),
                sent(
                        "QoS raised",
                        "DeliveryTest#deliversWithTheLowerOfPublishedAndGrantedQos",
                        ReceivedPublish.class,
                        p -> p.qos() == QoS.AT_MOST_ONCE ? Changes.qos(p, QoS.AT_LEAST_ONCE, 1) : p),
                sent(
                        "QoS lowered",
                        "DeliveryTest#deliversOverlappingSubscriptionsOnceWithTheHighestQos",
                        ReceivedPublish.class,
                        p -> p.qos() == QoS.AT_MOST_ONCE ? p : Changes.qos(p, QoS.AT_MOST_ONCE, 0)),
                sent(
                        "one packet id for all",
                        "DeliveryTest#neverHasTwoExchangesUnderOneId",
                        ReceivedPublish.class,
                        p -> p.packetId() > 1 ? Changes.packetId(p, 1) : p));
    }

    private static List<Rule> publishContents() {
        String unaltered = "DeliveryTest#passesAllPropertiesThroughUnaltered";
        List<Rule> rules = new ArrayList<>(List.of(
                sent(
                        "a byte of the payload flipped",
                        "PublishTest#relaysPayloadsAroundEveryInternalThreshold",
                        ReceivedPublish.class,
                        p -> p.payload().isEmpty()
                                ? p
                                : Changes.payload(
                                        p,
                                        s -> s.substring(0, s.length() - 1) + (char) (s.charAt(s.length() - 1) ^ 1))),
                sent(
                        "another topic",
                        "DeliveryTest#matchesFiltersCharacterByCharacter",
                        ReceivedPublish.class,
                        p -> Changes.topic(p, p.topic() + "/")),
                sent(
                        "expiry not counted down",
                        "MessageExpiryTest#isCountedDownWhileTheMessageWaits",
                        ReceivedPublish.class,
                        ifHas(
                                Property.MESSAGE_EXPIRY_INTERVAL,
                                p -> p.with(with(
                                        p.properties(), Property.MESSAGE_EXPIRY_INTERVAL, p.expirySeconds() + 5)))),
                sent(
                        "subscription identifiers dropped",
                        "DeliveryTest#sendsOneCopyWithAllIdentifiersOfOverlappingSubscriptions",
                        ReceivedPublish.class,
                        p -> p.properties().subscriptionIdentifiers().length == 0
                                ? p
                                : p.with(without(p.properties(), Property.SUBSCRIPTION_IDENTIFIER))),
                sent(
                        "user properties in another order",
                        unaltered,
                        ReceivedPublish.class,
                        p -> p.properties().userProperties().size() < 2
                                ? p
                                : p.with(without(p.properties(), Property.USER_PROPERTY)))));
        for (Property property : List.of(
                Property.CONTENT_TYPE,
                Property.RESPONSE_TOPIC,
                Property.CORRELATION_DATA,
                Property.PAYLOAD_FORMAT_INDICATOR)) {
            rules.add(sent(
                    property + " dropped",
                    unaltered,
                    ReceivedPublish.class,
                    ifHas(property, p -> p.with(without(p.properties(), property)))));
        }
        return rules;
    }

    private static List<Rule> flow() {
        return List.of(
                sent(
                        "a message twice",
                        "PublishTest#routesAQos2MessageOnceHoweverOftenItComes",
                        ReceivedPublish.class,
                        p -> List.of(p, p)),
                sent(
                        "a message lost",
                        "DeliveryTest#completesWhatWasBegunBeforeUnsubscribe",
                        ReceivedPublish.class,
                        p -> nothing()),
                sent(
                        "messages in another order",
                        "DeliveryTest#keepsTheOrderHoweverOftenTheOutputFillsUp",
                        ReceivedPublish.class,
                        swapsPairs()),
                sent("PINGRESP lost", "ConnectTest#answersEveryPing", Pingresp.class, p -> nothing()),
                sent(
                        "PUBREL lost",
                        "DeliveryTest#answersARepeatedPubrecWithPubrel",
                        Ack.class,
                        a -> a.type() == PacketType.PUBREL ? nothing() : a),
                sent("DISCONNECT lost", "SessionTest#isTakenOverByTheNextConnection", Disconnect.class, d -> nothing()),
                sent(
                        "DISCONNECT for another reason",
                        "SessionTest#isTakenOverByTheNextConnection",
                        Disconnect.class,
                        d -> new Disconnect(ReasonCode.UNSPECIFIED_ERROR, d.properties())),
                sent(
                        "a DISCONNECT that 3.1.1 doesn't have",
                        "ConnectTest#answersEveryPing",
                        Pingresp.class,
                        p -> List.of(p, new byte[] {(byte) 0xE0, 0})));
    }

    /** Holds every first message of two back. */
    private static Function<ReceivedPublish, Object> swapsPairs() {
        List<ReceivedPublish> held = new ArrayList<>();
        return p -> {
            synchronized (held) {
                if (held.isEmpty()) {
                    held.add(p);
                    return nothing();
                }
                return List.of(p, held.remove(0));
            }
        };
    }

    private static List<Rule> requests() {
        return List.of(
                asked(
                        "own messages in spite of no-local",
                        "DeliveryTest#keepsTheOwnMessagesFromASubscriptionWithNoLocal",
                        Subscribe.class,
                        subscriptions(s -> new SubscriptionRequest(
                                s.filter(), s.maximumQoS(), false, s.retainAsPublished(), s.retainHandling()))),
                asked(
                        "retain not as published",
                        "DeliveryTest#forwardsRetainAsTheSubscriptionAsks",
                        Subscribe.class,
                        subscriptions(s -> new SubscriptionRequest(
                                s.filter(), s.maximumQoS(), s.noLocal(), false, s.retainHandling()))),
                asked(
                        "retained messages in spite of retain handling 2",
                        "RetainedTest#neverComesWithRetainHandling2",
                        Subscribe.class,
                        subscriptions(s -> new SubscriptionRequest(
                                s.filter(), s.maximumQoS(), s.noLocal(), s.retainAsPublished(), 0))),
                asked(
                        "session kept at a clean start",
                        "SessionTest#isDiscardedByACleanStart",
                        Connect.class,
                        c -> c.cleanStart() ? Changes.cleanStart(c, false) : c),
                asked(
                        "keep-alive doubled",
                        "ConnectTest#disconnectsASilentClientAfterOneAndAHalfKeepAlives",
                        Connect.class,
                        c -> c.keepAliveSeconds() == 0 ? c : Changes.keepAlive(c, c.keepAliveSeconds() * 2)),
                asked(
                        "receive maximum of the client exceeded",
                        "DeliveryTest#respectsTheReceiveMaximumOfTheClient",
                        Connect.class,
                        connectWithout(Property.RECEIVE_MAXIMUM)),
                asked(
                        "maximum packet size of the client exceeded",
                        "DeliveryTest#dropsWhatIsTooLargeForOneSubscriberForThatOneAlone",
                        Connect.class,
                        connectWithout(Property.MAXIMUM_PACKET_SIZE)),
                asked(
                        "session ended with its connection",
                        "SessionTest#endsWhenItsExpiryIntervalHasPassed",
                        Connect.class,
                        connectWithout(Property.SESSION_EXPIRY_INTERVAL)),
                asked(
                        "will not retained",
                        "WillTest#isRetainedIfItSaysSo",
                        Connect.class,
                        will(w -> new WillMessage(w.topic(), w.payload(), w.qos(), false, w.properties()))),
                asked(
                        "will without its delay",
                        "WillTest#waitsForItsDelay",
                        Connect.class,
                        will(w -> new WillMessage(
                                w.topic(),
                                w.payload(),
                                w.qos(),
                                w.retain(),
                                without(w.properties(), Property.WILL_DELAY_INTERVAL)))),
                asked(
                        "a will in spite of DISCONNECT",
                        "WillTest#isDiscardedByANormalDisconnect",
                        Disconnect.class,
                        d -> nothing()));
    }

    private static List<Rule> features() {
        Function<ReceivedPublish, Object> swapped = ifHas(
                Property.TOPIC_ALIAS, p -> p.with(with(p.properties(), Property.TOPIC_ALIAS, 3 - p.topicAlias())));
        return List.of(
                sent(
                        "aliases of the broker swapped",
                        "TopicAliasTest#theBrokerSetsAnAliasAndThenLeavesTheTopicOut",
                        ReceivedPublish.class,
                        swapped),
                asked(
                        "an alias of the client forgotten",
                        "TopicAliasTest#standsForTheTopicThatItWasSetWith",
                        ReceivedPublish.class,
                        p -> p.topicAlias() == 0 || p.topic().isEmpty()
                                ? p
                                : p.with(without(p.properties(), Property.TOPIC_ALIAS))),
                sent(
                        "keep-alive of the server kept secret",
                        "ConnectOptionsTest#tellsTheServersKeepAliveIfItIsAnother",
                        Connack.class,
                        connackWithout(Property.SERVER_KEEP_ALIVE)),
                sent(
                        "response information kept back",
                        "ConnectOptionsTest#givesResponseInformationToWhoAsksForIt",
                        Connack.class,
                        connackWithout(Property.RESPONSE_INFORMATION)),
                sent(
                        "the other server not named",
                        "ConnectOptionsTest#sendsClientsToAnotherServer",
                        Connack.class,
                        connackWithout(Property.SERVER_REFERENCE)),
                asked(
                        "every member of a group gets every message",
                        "SharedSubscriptionTest#membersGetMessagesInTurn",
                        Subscribe.class,
                        subscriptions(s -> new SubscriptionRequest(
                                s.filter().replaceFirst("^\\$share/[^/]+/", ""),
                                s.maximumQoS(),
                                s.noLocal(),
                                s.retainAsPublished(),
                                s.retainHandling()))));
    }

    private static Function<Connect, Object> connectWithout(Property property) {
        return c -> c.properties().has(property) ? Changes.properties(c, without(c.properties(), property)) : c;
    }
}
