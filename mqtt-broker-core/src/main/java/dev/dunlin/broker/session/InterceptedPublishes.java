package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Interceptor;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.Printable;
import dev.dunlin.broker.spi.Verdict;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one connection publishes, where interceptors are asked about it: one at a time, because the connection isn't read until
 * they have answered. Loop only.
 *
 * <p>What the client says has been admitted before anybody is asked, so that nobody sees what it may not publish. The id of a QoS 2
 * publish is noted before, and leaves if it comes to nothing.
 */
final class InterceptedPublishes {
    private static final Logger LOG = LoggerFactory.getLogger(InterceptedPublishes.class);

    private final InterceptorChain<Message> interceptors;
    private final InboundPublishes in;
    private final Core core;
    private final Session session;
    private final SessionLoop loop;
    private final Link link;
    private final Outbound out;
    private final Asking question;

    /** The one that waits for its answer. */
    private @Nullable Pending pending;

    InterceptedPublishes(
            InterceptorChain<Message> interceptors,
            InboundPublishes in,
            Core core,
            Session session,
            Link link,
            Outbound out) {
        this.interceptors = interceptors;
        this.in = in;
        this.core = core;
        this.session = session;
        this.link = link;
        this.out = out;
        loop = session.loop;
        question = new Asking(link.client(), in.limits());
    }

    /** Takes in a PUBLISH. Borrows it. */
    void accept(Publish publish, String topic) throws MalformedPacket {
        QoS qos = publish.qos();
        int packetId = publish.packetId();
        if (qos == QoS.EXACTLY_ONCE && session.hasReceived(packetId)) { // nobody is asked again
            in.answer(qos, packetId, ReasonCode.SUCCESS);
            return;
        }
        if (qos != QoS.AT_MOST_ONCE) {
            in.begin();
        }
        if (qos == QoS.EXACTLY_ONCE) {
            session.receive(packetId);
        }
        ReasonCode refusal = loop.router().refusal(publish, topic, in);
        if (refusal != null) {
            in.countRefused(topic);
            in.answer(qos, packetId, refusal);
            return;
        }
        new Pending(in.keep(publish, topic), qos, packetId).ask();
    }

    /**
     * The connection is gone. A QoS 2 publish is forgotten: its client sends it again. So are the others if too many wait already:
     * one of QoS 1 isn't acknowledged, and is sent again as well.
     */
    void close() {
        Pending last = pending;
        if (last != null
                && last.said != null
                && (last.published == QoS.EXACTLY_ONCE
                        || !loop.sessions().unanswered().mayWaitOn(last))) {
            last.forget(loop.sessions().isClosing() ? DropReason.BROKER_CLOSED : DropReason.REFUSED);
        }
    }

    /** What is asked. */
    private record Asking(ClientInfo client, Limits limits) implements InterceptorChain.Question<Message> {
        @Override
        public @Nullable Verdict<Message> ask(Interceptor interceptor, Message message) {
            return interceptor.onPublish(client, message);
        }

        @Override
        public void check(Message by) {
            Router.checkReplacement(by, limits);
        }
    }

    /** A publish that interceptors are asked about. */
    final class Pending {
        private final QoS published;
        private final int packetId;

        /** What the client has published; null once it has come to an end. */
        private @Nullable KeptMessage said;

        /** What it occupies: as it came, and as interceptors see it. */
        private final long bytes;

        private InterceptorChain<Message>.@Nullable Asked asked;
        private boolean waits;

        Pending(KeptMessage said, QoS published, int packetId) {
            this.said = said;
            this.published = published;
            this.packetId = packetId;
            bytes = 2L * said.footprintBytes();
        }

        long bytes() {
            return bytes;
        }

        void ask() {
            KeptMessage given = said;
            assert given != null : "asked twice";
            boolean taken = false;
            try {
                Message message = given.toMessage(published, given.retainFlag(), loop.nowMs());
                asked = interceptors.ask(loop, session.clientId, message, question, this::decided);
                taken = true;
            } finally {
                if (!taken) {
                    forget(DropReason.REFUSED); // nobody will answer
                }
            }
            if (said != null) {
                waits = true;
                pending = this;
                loop.sessions().unanswered().add(this);
                link.pause(PauseReason.INTERCEPTION);
            }
        }

        /** It comes to nothing: the answer, if it still comes, is too late. */
        void forget(DropReason reason) {
            KeptMessage given = said;
            said = null;
            if (given != null) {
                if (published == QoS.EXACTLY_ONCE) {
                    session.forget(packetId);
                }
                if (asked != null) {
                    asked.giveUp();
                }
                loop.sessions().unanswered().remove(this);
                loop.drops().count(session.clientId, given.topic(), reason, 1);
                given.release();
            }
        }

        private void decided(Decision<Message> decision) {
            KeptMessage given = said;
            said = null;
            if (given == null) {
                return;
            }
            try {
                if (decision.goesOn()) {
                    goOn(decision, given);
                } else {
                    refuse(decision, given.topic());
                }
            } catch (Throwable fault) { // ours: behind an answer that comes late nobody else would end this exchange
                failed(fault);
            } finally {
                given.release();
                if (waits) {
                    pending = null;
                    loop.sessions().unanswered().remove(this);
                    link.resume(PauseReason.INTERCEPTION);
                }
            }
        }

        private void failed(Throwable fault) {
            LOG.error(
                    "client {}: a fault behind the interceptors of a publish", Printable.text(session.clientId), fault);
            Events.tellFault(core.events(), session.clientId, "a fault behind the interceptors of a publish", fault);
            in.forget(published, packetId);
            link.disconnect(ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR, "internal error");
        }

        private void goOn(Decision<Message> decision, KeptMessage given) {
            if (!decision.isReplaced()) {
                in.route(new Routed(given, published, packetId, false));
                return;
            }
            Message by = decision.value();
            KeptMessage message = given.inPlace(by, core.kept(by.qos()), loop.nowMs());
            try {
                in.route(new Routed(message, published, packetId, true));
            } finally {
                message.release();
            }
        }

        private void refuse(Decision<Message> decision, String topic) {
            in.countRefused(topic);
            if (out.isClosed()) {
                return;
            }
            boolean waitsForAck = published != QoS.AT_MOST_ONCE;
            boolean told = out.rules().hasReasons();
            if (decision.disconnects() || (decision.hasFailed() && waitsForAck && !told)) {
                in.forget(published, packetId);
                link.disconnect(decision.reason(), decision.text());
            } else if (told) {
                in.refuse(published, packetId, decision.reasonIn(PacketType.PUBACK), decision.text());
            } else {
                in.answer(published, packetId, ReasonCode.SUCCESS); // [3.1.1:MQTT-3.3.5-2]
            }
        }
    }

    /**
     * A publish that may be routed.
     *
     * @param message borrowed
     * @param published the QoS of its exchange
     * @param isReplaced whether it is an interceptor's, for which its client needs no permission
     */
    record Routed(KeptMessage message, QoS published, int packetId, boolean isReplaced) {}
}
