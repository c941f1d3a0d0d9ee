package dev.dunlin.server.admin;

import java.util.Locale;

/** What a figure is counted in, and how a person reads it. */
enum Unit {
    NONE("", Unit::count),
    CONNECTIONS("connections", Unit::count),
    CLIENTS("clients", Unit::count),
    SESSIONS("sessions", Unit::count),
    MESSAGES("messages", Unit::count),
    BYTES("bytes", Unit::bytes),
    SECONDS("seconds", Unit::seconds),
    MESSAGES_PER_SECOND("messages per second", value -> count(value) + "/s"),
    BYTES_PER_SECOND("bytes per second", value -> bytes(value) + "/s");

    private static final String[] MULTIPLES = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    private static final String UNKNOWN = "-";

    final String word;
    private final Reading reading;

    @FunctionalInterface
    private interface Reading {
        String of(double value);
    }

    Unit(String word, Reading reading) {
        this.word = word;
        this.reading = reading;
    }

    String text(double value) {
        return Double.isNaN(value) ? UNKNOWN : reading.of(value);
    }

    /** Below ten a rate has a decimal. */
    private static String count(double value) {
        boolean whole = value == Math.rint(value) || value >= 10;
        return String.format(Locale.ROOT, whole ? "%,.0f" : "%.1f", value);
    }

    private static String bytes(double value) {
        double left = value;
        int multiple = 0;
        while (left >= 1024 && multiple < MULTIPLES.length - 1) {
            left /= 1024;
            multiple++;
        }
        return String.format(
                Locale.ROOT, multiple == 0 || left >= 100 ? "%.0f %s" : "%.1f %s", left, MULTIPLES[multiple]);
    }

    private static String seconds(double value) {
        if (value == 0) {
            return "0 s";
        }
        if (value < 0.001) {
            return String.format(Locale.ROOT, "%.0f µs", value * 1e6);
        }
        if (value < 1) {
            return String.format(Locale.ROOT, value < 0.01 ? "%.1f ms" : "%.0f ms", value * 1e3);
        }
        if (value < 60) {
            return String.format(Locale.ROOT, "%.1f s", value);
        }
        long whole = (long) value;
        if (whole < 3_600) {
            return whole / 60 + " min " + whole % 60 + " s";
        }
        return whole < 86_400
                ? whole / 3_600 + " h " + whole % 3_600 / 60 + " min"
                : whole / 86_400 + " d " + whole % 86_400 / 3_600 + " h";
    }
}
