package dev.dunlin.server;

import dev.dunlin.broker.Listener;
import dev.dunlin.broker.Tls;
import dev.dunlin.broker.spi.CertificateName;
import dev.dunlin.broker.spi.Durability;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** What the broker's options take. */
final class Converters {
    /** For {@code --port}: no TCP without TLS. */
    static final String NONE = "none";

    private Converters() {}

    /**
     * What {@code --port} says.
     *
     * @param number null for no TCP without TLS
     */
    record TcpPort(@Nullable Integer number) {
        /** The text: as all that a record says by itself is put together at run time, and picocli asks at each start. */
        @Override
        public String toString() {
            return number == null ? NONE : number.toString();
        }
    }

    static final class BindConverter implements ITypeConverter<BindAddress> {
        @Override
        public BindAddress convert(String text) {
            return BindAddress.parse(text);
        }
    }

    static final class ModeConverter implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            try {
                PosixFilePermissions.fromString(text);
                return text;
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("'" + text + "' is not what a file permits, such as rw-rw----");
            }
        }
    }

    static final class SourceConverter implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            try {
                Listener.tcp("localhost", 0).proxyProtocol(text);
                return text;
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("'" + text + "' is not an address or a range such as 192.0.2.0/24");
            }
        }
    }

    static final class PortConverter implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            if (text.matches("[0-9]{1,5}") && Integer.parseInt(text) <= 65_535) {
                return Integer.parseInt(text);
            }
            throw new TypeConversionException("'" + text + "' is not a port, 0 to 65535");
        }
    }

    static final class PortOrNoneConverter implements ITypeConverter<TcpPort> {
        @Override
        public TcpPort convert(String text) {
            return new TcpPort(text.equals(NONE) ? null : new PortConverter().convert(text));
        }
    }

    static final class ClientCertificatesConverter implements ITypeConverter<Tls.ClientCertificates> {
        @Override
        public Tls.ClientCertificates convert(String text) {
            return oneOf(
                    "mode for certificates of clients",
                    text,
                    Map.of(
                            "required", Tls.ClientCertificates.REQUIRED,
                            "optional", Tls.ClientCertificates.OPTIONAL));
        }
    }

    static final class CertificateNameConverter implements ITypeConverter<CertificateName> {
        @Override
        public CertificateName convert(String text) {
            return oneOf(
                    "part of a certificate",
                    text,
                    Map.of(
                            "cn", CertificateName.COMMON_NAME,
                            "dns", CertificateName.SAN_DNS,
                            "email", CertificateName.SAN_EMAIL,
                            "uri", CertificateName.SAN_URI,
                            "subject", CertificateName.SUBJECT));
        }
    }

    static final class TlsVersionConverter implements ITypeConverter<Tls.Version> {
        @Override
        public Tls.Version convert(String text) {
            return oneOf("lowest version of TLS", text, Map.of("1.2", Tls.Version.TLS_1_2, "1.3", Tls.Version.TLS_1_3));
        }
    }

    private static <T> T oneOf(String what, String text, Map<String, T> known) {
        T value = known.get(text);
        if (value == null) {
            throw new TypeConversionException(
                    "'" + text + "' is not a " + what + ", known: " + String.join(", ", new TreeSet<>(known.keySet())));
        }
        return value;
    }

    static final class WebSocketPathConverter implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            try {
                return Objects.requireNonNull(
                        Listener.webSocket("localhost", 0, text).webSocketPath());
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("'" + text + "' is not a path, such as /mqtt");
            }
        }
    }

    static final class DurabilityConverter implements ITypeConverter<Durability> {
        @Override
        public Durability convert(String text) {
            return switch (text) {
                case "power" -> Durability.POWER;
                case "process" -> Durability.PROCESS;
                default ->
                    throw new TypeConversionException(
                            "'" + text + "' is not a level of durability, known: power, process");
            };
        }
    }

    static final class SecondsConverter implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            if (text.matches("[0-9]{1,5}") && Integer.parseInt(text) <= 65_535) {
                return Integer.parseInt(text);
            }
            throw new TypeConversionException("'" + text + "' is not a number of seconds, 0 to 65535");
        }
    }
}
