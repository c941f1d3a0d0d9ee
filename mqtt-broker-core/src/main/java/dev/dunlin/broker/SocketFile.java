package dev.dunlin.broker;

import dev.dunlin.broker.net.Acceptor;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelFuture;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of a Unix domain socket. It is bound in a folder that only its owner may enter, has its permissions then, and
 * only then is moved to its place: at no moment can anybody connect who may not. The move replaces what a killed broker has
 * left.
 */
final class SocketFile {
    private static final Logger LOG = LoggerFactory.getLogger(SocketFile.class);

    /** What the address of a socket has room for, less the zero at its end. */
    private static final int PATH_BYTES_MAX = 107;

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    private static final int FILE_TYPE = 0170000;
    private static final int SOCKET = 0140000;
    private static final int FOLDERS_MAX = 100;
    private static final int NAMES = 0x100_0000;
    private static final int NAMES_MASK = NAMES - 1;

    private final Path path;
    private final Set<PosixFilePermission> permissions;

    SocketFile(Listener.Unix unix) {
        path = unix.path().toAbsolutePath().normalize();
        permissions = PosixFilePermissions.fromString(unix.permissions());
    }

    /** @throws IOException with a sentence that says what is in the way */
    void bind(Acceptor acceptor, ByteBufAllocator allocator) throws IOException {
        checkPlace();
        Path folder = newFolder();
        Path made = folder.resolve("s");
        try {
            if (bytes(made) > PATH_BYTES_MAX || bytes(path) > PATH_BYTES_MAX) {
                throw new IOException("the path is too long for a socket");
            }
            ChannelFuture bound = acceptor.bindUnix(made, path, allocator).awaitUninterruptibly();
            if (!bound.isSuccess()) {
                throw new IOException(Binding.systemMessage(bound.cause()), bound.cause());
            }
            Files.setPosixFilePermissions(made, permissions);
            Object key = key(made);
            Files.move(made, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            bound.channel().closeFuture().addListener(closed -> remove(key));
        } finally {
            Files.deleteIfExists(made);
            Files.delete(folder);
        }
    }

    private static int bytes(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8).length;
    }

    private void checkPlace() throws IOException {
        if (!path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            throw new IOException("files have no owner and no permissions on this system");
        }
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        if ((mode & FILE_TYPE) != SOCKET) {
            throw new IOException("there is a file that is no socket");
        }
        if (isAnswered()) {
            throw new IOException("somebody listens there already");
        }
    }

    private boolean isAnswered() throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.configureBlocking(false); // whoever is there may be too busy to accept
            channel.connect(UnixDomainSocketAddress.of(path));
            return true;
        } catch (ConnectException e) {
            return false; // refused: whoever has made it is gone
        } catch (IOException e) {
            throw new IOException("there is a socket, of which can't be said whether somebody listens", e);
        }
    }

    private Path newFolder() throws IOException {
        Path parent = Objects.requireNonNull(path.getParent(), "an absolute path of a file");
        for (int i = 0; i < FOLDERS_MAX; i++) { // one that is there is another broker's, or left by one that was killed
            Path folder = parent.resolve("."
                    + Integer.toString(NAMES + ((System.identityHashCode(this) + i) & NAMES_MASK), 36)); // always five
            try {
                return Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            } catch (FileAlreadyExistsException e) {
                LOG.debug("{} is there already", folder);
            } catch (FileSystemException e) {
                throw new IOException("the folder " + parent + " isn't there, or nothing can be made in it", e);
            }
        }
        throw new IOException("the folder " + parent + " is full of others' beginnings");
    }

    private static @Nullable Object key(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    /** At the end; not the one that somebody else has put there meanwhile. */
    private void remove(@Nullable Object key) {
        try {
            if (Objects.equals(key(path), key)) {
                Files.delete(path);
            }
        } catch (IOException e) {
            LOG.debug("the socket {} is not removed: {}", path, e.toString()); // somebody else has done it
        }
    }
}
