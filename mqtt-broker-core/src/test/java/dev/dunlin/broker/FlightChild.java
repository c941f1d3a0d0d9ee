package dev.dunlin.broker;

import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;

/** A broker in a JVM of its own, from its start to a client's CONNACK and its end; prints what it has found. */
final class FlightChild {
    private static final byte[] CONNECT = {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 1, 'c'};
    private static final int CONNACK = 0x20;

    private FlightChild() {}

    public static void main(String[] args) throws Exception {
        boolean recorder = ModuleLayer.boot().findModule("jdk.jfr").isPresent();
        try (Broker broker = Broker.builder().tcp(0).start();
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), broker.port("tcp"))) {
            socket.getOutputStream().write(CONNECT);
            InputStream in = socket.getInputStream();
            boolean connected = in.read() == CONNACK && in.readNBytes(3)[2] == 0;
            System.out.println("recorder " + recorder + ", connected " + connected);
        }
    }
}
