package dev.dunlin.broker;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.PublicKey;

/**
 * A private key as OpenSSL used to write it: that of RSA by PKCS #1 [RFC 8017 appendix A.1.2], that of EC by SEC 1 [RFC 5915],
 * without the algorithm. The JDK reads PKCS #8 [RFC 5208], which is the same with the algorithm before it: that of the public
 * key, which for EC has the curve as well.
 */
final class BareKey {
    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final byte[] VERSION_0 = {0x02, 1, 0};

    private BareKey() {}

    /** The key with its algorithm. What can't be a key is found by who reads it. */
    static byte[] pkcs8(byte[] bare, PublicKey publicKey) {
        return element(SEQUENCE, VERSION_0, algorithm(publicKey), element(OCTET_STRING, bare));
    }

    /** The first element of SubjectPublicKeyInfo [RFC 5280 section 4.1]. */
    private static byte[] algorithm(PublicKey key) {
        ByteBuffer der = ByteBuffer.wrap(key.getEncoded());
        skipHeader(der);
        int start = der.position();
        int length = skipHeader(der);
        byte[] algorithm = new byte[der.position() - start + length];
        der.get(start, algorithm);
        return algorithm;
    }

    /** Reads a tag and a length; returns the length. */
    private static int skipHeader(ByteBuffer der) {
        der.get();
        int length = der.get() & 0xFF;
        if (length < 0x80) {
            return length;
        }
        int bytes = length & 0x7F;
        length = 0;
        for (int i = 0; i < bytes; i++) {
            length = (length << 8) | (der.get() & 0xFF);
        }
        return length;
    }

    private static byte[] element(int tag, byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (length < 0x80) {
            out.write(length);
        } else {
            int bytes = (39 - Integer.numberOfLeadingZeros(length)) / 8;
            out.write(0x80 | bytes);
            for (int i = bytes - 1; i >= 0; i--) {
                out.write(length >> (8 * i));
            }
        }
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
