package dev.dunlin.benchmarks.footprint;

import dev.dunlin.broker.net.Acceptor;
import dev.dunlin.broker.net.Access;
import dev.dunlin.broker.net.Admission;
import dev.dunlin.broker.net.Layers;
import dev.dunlin.broker.net.SocketTransport;
import dev.dunlin.broker.net.Transport;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.TimeSource;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.local.LocalAddress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * A broker in memory in a JVM of its own, which does as it is told on its standard input: {@code look} prints what it holds,
 * {@code open N} connects clients over in-memory channels, {@code bare N} connects as many to nobody. It ends with its input.
 */
public final class MeasuredBroker {
    private static final int LOOPS = 2;
    private static final LocalAddress BROKER = new LocalAddress("broker");
    private static final LocalAddress NOBODY = new LocalAddress("nobody");

    private final LocalClients clients = new LocalClients();

    private MeasuredBroker() {}

    /**
     * Prints the port on its first line, 0 if there is none, and does as it is told.
     *
     * @param arguments {@code local}, or anything else for sockets
     */
    public static void main(String[] arguments) throws Exception {
        boolean local = arguments[0].equals("local");
        Core core = new Core(Limits.STANDALONE, TimeSource.system(), new Random(), LOOPS, null);
        Transport transport = local ? new LocalTransport(core) : new SocketTransport("measured", core);
        Acceptor acceptor = new Acceptor(
                "tcp",
                new Layers(null, null),
                core,
                transport,
                new Access(Authenticator.anonymous(), null),
                new Admission(Limits.STANDALONE, core::monotonicMs, InetAddress::isLoopbackAddress));
        acceptor.bind(
                        local ? BROKER : new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        PooledByteBufAllocator.DEFAULT)
                .sync();
        System.out.println(local ? 0 : ((InetSocketAddress) acceptor.address()).getPort());
        new MeasuredBroker().obey(); // its threads are daemons
    }

    private void obey() throws IOException, JMException, InterruptedException {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        boolean nobodyThere = true;
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] words = line.split(" ", -1);
            if (words[0].equals("open")) {
                clients.open(BROKER, Integer.parseInt(words[1]));
            } else if (words[0].equals("bare")) {
                if (nobodyThere) {
                    clients.serveNobody(NOBODY);
                    nobodyThere = false;
                }
                clients.open(NOBODY, Integer.parseInt(words[1]));
            } else if (words[0].equals("cpu")) {
                System.out.println(cpuNs());
            } else {
                look();
            }
            System.out.println(Look.END);
        }
    }

    /** The collection that the histogram begins with is a full one. */
    private static void look() throws JMException {
        Object histogram = ManagementFactory.getPlatformMBeanServer()
                .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "gcClassHistogram",
                        new Object[] {new String[0]},
                        new String[] {String[].class.getName()});
        System.out.println(PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() + " "
                + PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory());
        System.out.println(histogram);
    }

    private static long cpuNs() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }
}
