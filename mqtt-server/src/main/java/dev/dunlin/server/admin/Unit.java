package dev.dunlin.server.admin;

import java.util.Locale;

/** What a figure is counted in, and how a person reads it. */
enum Unit {
    NONE(""),
    CONNECTIONS("connections"),
    CLIENTS("clients"),
    SESSIONS("sessions"),
    MESSAGES("messages"),
    BYTES("bytes"),
    SECONDS("seconds"),
    MESSAGES_PER_SECOND("messages per second"),
    BYTES_PER_SECOND("bytes per second");

    private static final String[] MULTIPLES = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    private static final String UNKNOWN = "-";

    final String word;

    Unit(String word) {
        this.word = word;
    }

    String text(double value) {
        if (Double.isNaN(value)) {
            return UNKNOWN;
        }
        return switch (this) {
            case BYTES -> bytes(value);
            case SECONDS -> seconds(value);
            case MESSAGES_PER_SECOND -> count(value) + "/s";
            case BYTES_PER_SECOND -> bytes(value) + "/s";
            default -> count(value);
        };
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
