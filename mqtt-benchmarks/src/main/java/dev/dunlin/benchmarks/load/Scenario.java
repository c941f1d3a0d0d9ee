package dev.dunlin.benchmarks.load;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What a broker is asked to do, in the words of the generator, and what of its figures counts. */
@SuppressWarnings("ImmutableEnumChecker") // lists that nobody can change
enum Scenario {
    QOS_0("QoS 0, 50 pairs", Kind.LOAD, "--pubs 50 --qos 0 --e2e 200"),
    QOS_0_TOPICS("QoS 0, 50 pairs, 20 topics each", Kind.LOAD, "--pubs 50 --topics 20 --qos 0 --e2e 200"),
    FAN_OUT("QoS 0, fan-out 1 -> 500", Kind.LOAD, "--topology fanout --subs 500 --qos 0 --e2e 20"),
    QOS_1("QoS 1, 50 pairs, window 20", Kind.LOAD, "--pubs 50 --qos 1 --window 20 --e2e 200"),
    QOS_2("QoS 2, 50 pairs, window 20", Kind.LOAD, "--pubs 50 --qos 2 --window 20 --e2e 200"),
    FAN_IN("QoS 1, fan-in 100 -> 1", Kind.LOAD, "--topology fanin --pubs 100 --subs 1 --qos 1 --e2e 50"),
    SHARED(
            "5.0 shared, 50 -> 10, QoS 1",
            Kind.LOAD,
            "--version 5 --topology shared --pubs 50 --subs 10 --qos 1 --e2e 200"),
    V5_QOS_0("5.0 QoS 0, 50 pairs", Kind.LOAD, "--version 5 --pubs 50 --qos 0 --e2e 200"),
    V5_QOS_1("5.0 QoS 1, 50 pairs", Kind.LOAD, "--version 5 --pubs 50 --qos 1 --window 20 --e2e 200"),
    DURABLE("QoS 1, 50 pairs, durable", Kind.DURABLE_LOAD, "--pubs 50 --qos 1 --window 20 --e2e 200 --persistent 1"),
    LOW_LOAD("QoS 1 at 10 k msg/s", Kind.LATENCY, "--pubs 50 --qos 1 --rate 10000"),
    // Those of the Open MQTT Benchmark Suite, as far as one generator goes: its connections are the rows storm and
    // idle.
    SUITE_P2P("suite: p2p, 1,000 pairs, QoS 1, 10 k msg/s", Kind.LATENCY, "--pubs 1000 --qos 1 --rate 10000"),
    SUITE_FAN_OUT(
            "suite: fan-out 1 -> 1,000, QoS 1, 25 k deliveries/s",
            Kind.LATENCY,
            "--topology fanout --subs 1000 --qos 1 --rate 25"),
    SUITE_SHARED(
            "suite: shared, 1,000 -> 10, QoS 1, 10 k msg/s",
            Kind.LATENCY,
            "--version 5 --topology shared --pubs 1000 --subs 10 --qos 1 --rate 10000"),
    STORM("connect + disconnect", Kind.CYCLES, "--scenario storm --clients 20000"),
    RETAINED("100 k retained, # subscribed", Kind.RETAINED, "--scenario retained --qos 1 --messages 100000"),
    IDLE("10 k idle connections", Kind.IDLE, "--scenario idle --clients 10000 --bind-spread 1 --seconds 20"),
    START("process start to first CONNACK", Kind.START, "--scenario start");

    /** A figure of the generator: its name there, and its unit. */
    record Measure(String key, String unit) {}

    private enum Kind {
        LOAD(
                new Measure("broker_us_per_msg", "broker CPU us per delivery"),
                new Measure("broker_sys_share_pct", "of it in the kernel, %"),
                new Measure("msg_per_read", "messages per read of a subscriber"),
                new Measure("msg_per_s", "deliveries per s"),
                new Measure("gen_cpu_pct", "generator CPU %")),
        DURABLE_LOAD(LOAD.measures.toArray(Measure[]::new)),
        LATENCY(
                new Measure("broker_cpu_pct", "broker CPU % of a core"),
                new Measure("latency_us.p50", "p50 us"),
                new Measure("latency_us.p99", "p99 us")),
        CYCLES(
                new Measure("broker_us_per_msg", "broker CPU us per cycle"),
                new Measure("connects_per_s", "cycles per s")),
        RETAINED(new Measure("all_ms", "ms until all have come"), new Measure("bytes_per_retained", "bytes each")),
        IDLE(new Measure("bytes_per_conn", "PSS bytes each"), new Measure("idle_cpu_pct", "CPU % of a core")),
        START(new Measure("start_ms", "ms"));

        final List<Measure> measures;

        Kind(Measure... measures) {
            this.measures = List.of(measures);
        }
    }

    private final String title;
    private final Kind kind;
    private final List<String> arguments;

    Scenario(String title, Kind kind, String arguments) {
        this.title = title;
        this.kind = kind;
        this.arguments = List.of(arguments.split(" "));
    }

    String title() {
        return title;
    }

    /** The first is what brokers are compared by. */
    List<Measure> measures() {
        return kind.measures;
    }

    boolean isDurable() {
        return kind == Kind.DURABLE_LOAD;
    }

    /** Whether it is about MQTT 5.0. */
    boolean needs5() {
        return arguments.contains("--version");
    }

    /** Whether the generator starts the broker itself. */
    boolean startsBroker() {
        return kind == Kind.START;
    }

    /**
     * The arguments of the generator.
     *
     * @param warmupSeconds how long nothing counts
     * @param seconds how long is measured
     */
    Stream<String> arguments(int warmupSeconds, int seconds) {
        Stream<String> timed = kind == Kind.LOAD || kind == Kind.DURABLE_LOAD || kind == Kind.LATENCY
                ? Stream.of("--warmup", String.valueOf(warmupSeconds), "--seconds", String.valueOf(seconds))
                : Stream.empty();
        return Stream.concat(arguments.stream(), timed);
    }

    /** Whether the broker, if it is a JVM, is to be warm before this is measured: connects and retained messages, too. */
    boolean warmsUpFirst() {
        return kind == Kind.CYCLES || kind == Kind.RETAINED;
    }

    static Scenario named(String name) {
        return Arrays.stream(values())
                .filter(each -> each.id().equals(name))
                .findAny()
                .orElseThrow(() -> new IllegalArgumentException("no scenario " + name + "; there are "
                        + Arrays.stream(values()).map(Scenario::id).toList()));
    }

    /** Its name on the command line. */
    String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
