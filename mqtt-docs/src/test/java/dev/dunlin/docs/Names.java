package dev.dunlin.docs;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Of commands that take too long to be run: that a shell can read them, and that the tests and benchmarks in them exist. */
final class Names {
    private static final Pattern CLASS = Pattern.compile("(?<![*\\w])[A-Z]\\w*(?:Test|Fuzz|Benchmark)\\b");
    private static final Pattern OPTION = Pattern.compile("(?<= )--[a-z][a-z-]+");
    private static final Pattern MODULE = Pattern.compile("\\bmqtt-[a-z]+(?:-[a-z]+)*");
    private static final Set<String> SOURCES = sources();

    private Names() {}

    static List<String> missing(Block block) throws IOException, InterruptedException {
        List<String> missing = new ArrayList<>();
        Process shell =
                new ProcessBuilder("bash", "-n").redirectErrorStream(true).start();
        shell.outputWriter(UTF_8).append(block.text()).close();
        if (!shell.waitFor(30, TimeUnit.SECONDS) || shell.exitValue() != 0) {
            missing.add(block.place() + ": " + new String(shell.getInputStream().readAllBytes(), UTF_8));
        }
        Matcher named = CLASS.matcher(block.text());
        while (named.find()) {
            if (!SOURCES.contains(named.group() + ".java")) {
                missing.add(block.place() + ": no " + named.group());
            }
        }
        Matcher module = MODULE.matcher(block.text());
        while (module.find()) {
            if (!Files.exists(Page.ROOT.resolve(module.group()))) {
                missing.add(block.place() + ": no " + module.group());
            }
        }
        for (String line : block.text().lines().toList()) {
            missing.addAll(missingOptions(block, line));
        }
        return missing;
    }

    private static List<String> missingOptions(Block block, String line) throws IOException {
        List<String> missing = new ArrayList<>();
        if (line.startsWith("./bench")) {
            String known = Files.readString(
                    Page.ROOT.resolve("mqtt-benchmarks/src/main/java/dev/dunlin/benchmarks/load/Bench.java"));
            Matcher option = OPTION.matcher(line);
            while (option.find()) {
                if (!known.contains(option.group())) {
                    missing.add(block.place() + ": no " + option.group());
                }
            }
        }
        return missing;
    }

    private static Set<String> sources() {
        Set<String> names = new HashSet<>();
        try {
            Files.walkFileTree(Page.ROOT, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes of) {
                    String name = folder.getFileName().toString();
                    boolean skip = name.equals("target") || name.equals(".git");
                    return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes of) {
                    names.add(file.getFileName().toString());
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return names;
    }
}
