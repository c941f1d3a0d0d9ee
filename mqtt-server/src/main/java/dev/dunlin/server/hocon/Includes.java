package dev.dunlin.server.hocon;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import dev.dunlin.server.mosquitto.Place;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a file and what it includes: files, by paths that begin where the including file is. HOCON passes over a file that isn't
 * there, fetches from the network, and follows files that include each other until the stack is full; here each is refused.
 */
final class Includes implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
    /** From the main file to the one whose includes these are. */
    private final List<Path> chain;

    private final List<Path> files;
    private final List<Fault> faults;

    private Includes(List<Path> chain, List<Path> files, List<Fault> faults) {
        this.chain = chain;
        this.files = files;
        this.faults = faults;
    }

    /**
     * Reads. Blocks.
     *
     * @param files takes the files that are read, or should be
     * @param faults takes what is wrong
     * @return what could be read, not resolved
     */
    static Config read(Path main, List<Path> files, List<Fault> faults) {
        return new Includes(List.of(), files, faults).read(main, Where.of(main));
    }

    private Config read(Path file, Where asked) {
        files.add(file);
        List<Path> longer = new ArrayList<>(chain);
        longer.add(file);
        try {
            Files.readString(file, StandardCharsets.UTF_8); // HOCON would put in a question mark for what is no UTF-8
            return ConfigFactory.parseFile(
                    file.toFile(),
                    ConfigParseOptions.defaults()
                            .setSyntax(ConfigSyntax.CONF) // whatever it is called; JSON is some of it
                            .setAllowMissing(false)
                            .setIncluder(new Includes(longer, files, faults)));
        } catch (IOException e) {
            faults.add(new Fault(asked, (chain.isEmpty() ? "" : file + " ") + Reasons.unreadable(e)));
        } catch (ConfigException e) {
            faults.add(Reasons.fault(e, Where.of(file)));
        }
        return ConfigFactory.empty();
    }

    @Override
    public ConfigIncluder withFallback(ConfigIncluder other) {
        return this; // no other one is asked
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
        return includeFile(context, new File(what));
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File what) {
        Path present = chain.get(chain.size() - 1);
        Where asked = where(present, what.getPath());
        Path file;
        try {
            file = present.resolveSibling(what.toPath()).normalize();
        } catch (InvalidPathException e) {
            faults.add(new Fault(asked, "include takes a path in the locale that the broker runs in (LC_ALL, LANG)"));
            return ConfigFactory.empty().root();
        }
        if (chain.contains(file)) {
            faults.add(new Fault(asked, "include: " + file + " includes itself"));
            return ConfigFactory.empty().root();
        }
        return read(file, asked).root();
    }

    @Override
    public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
        return refused(what.toString());
    }

    @Override
    public ConfigObject includeResources(ConfigIncludeContext context, String what) {
        return refused(what);
    }

    private ConfigObject refused(String what) {
        Where where = where(chain.get(chain.size() - 1), what);
        faults.add(new Fault(where, "include takes a file, not '" + what + "'"));
        return ConfigFactory.empty().root();
    }

    /** HOCON doesn't say in which line it is: the first that names it. */
    private static Where where(Path file, String what) {
        try {
            List<String> lines = Files.readAllLines(file);
            for (int i = 0; i < lines.size(); i++) {
                if (lines.get(i).contains("include") && lines.get(i).contains(what)) {
                    return new Where(new Place(file, i + 1), "");
                }
            }
        } catch (IOException e) {
            return Where.of(file); // it was there a moment ago: then without the line
        }
        return Where.of(file);
    }
}
