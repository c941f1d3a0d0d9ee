package dev.dunlin.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A Markdown file, cut into its blocks and the prose between them. */
record Page(Path file, String name, List<Block> blocks, List<String> prose) {
    static final Path ROOT = Path.of("..");

    private static final Pattern FENCE = Pattern.compile("( *)```(\\S*)(.*)");
    private static final Pattern COMMENT = Pattern.compile("<!-- (.*) -->");
    private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");
    private static final String INDENT = "    ";

    /** Of a comment that is about all commands behind it. */
    private static final String WHOLE_PAGE = "sh is not run: ";

    static Page read(Path file) throws IOException {
        String name = ROOT.relativize(file).toString();
        return new Reader(name, Files.readAllLines(file)).page(file);
    }

    /** README.md and everything right in docs. */
    static List<Page> shown() throws IOException {
        List<Path> files = new ArrayList<>(List.of(ROOT.resolve("README.md")));
        files.addAll(markdown(ROOT.resolve("docs"), 1));
        return read(files);
    }

    /** All that a reader may come to. */
    static List<Page> all() throws IOException {
        List<Path> files = new ArrayList<>(markdown(ROOT, 1));
        files.addAll(markdown(ROOT.resolve("docs"), 3));
        return read(files);
    }

    private static List<Path> markdown(Path folder, int depth) throws IOException {
        try (Stream<Path> walk = Files.walk(folder, depth)) {
            return walk.filter(file -> file.toString().endsWith(".md")).sorted().toList();
        }
    }

    private static List<Page> read(List<Path> files) throws IOException {
        List<Page> pages = new ArrayList<>();
        for (Path file : files) {
            pages.add(read(file));
        }
        return pages;
    }

    /** Targets of its links, as they stand there. */
    List<String> links() {
        List<String> links = new ArrayList<>();
        for (String line : prose) {
            Matcher link = LINK.matcher(line);
            while (link.find()) {
                links.add(link.group(1));
            }
        }
        return links;
    }

    /** What its headings are called in links, by GitHub's rule; the second one of a name gets -1. */
    Set<String> anchors() {
        Set<String> anchors = new TreeSet<>();
        for (String line : prose) {
            if (line.matches("#{1,6} .*")) {
                String plain = line.replaceFirst("#+ ", "").replaceAll("\\[([^]]*)]\\([^)]*\\)", "$1");
                String anchor = plain.toLowerCase(Locale.ROOT)
                        .strip()
                        .replaceAll("[^\\p{L}\\p{N} _-]", "")
                        .replace(' ', '-');
                int more = 0;
                while (!anchors.add(more == 0 ? anchor : anchor + "-" + more)) {
                    more++;
                }
            }
        }
        return anchors;
    }

    /** Goes through the lines once. */
    private static final class Reader {
        private final String name;
        private final List<String> lines;
        private final List<Block> blocks = new ArrayList<>();
        private final List<String> prose = new ArrayList<>();
        private int next;
        private final List<String> marks = new ArrayList<>();
        private String wholePage = "";

        Reader(String name, List<String> lines) {
            this.name = name;
            this.lines = lines;
        }

        Page page(Path file) {
            boolean blank = true;
            while (next < lines.size()) {
                String line = lines.get(next);
                Matcher fence = FENCE.matcher(line);
                if (fence.matches()) {
                    fenced(fence.group(1).length(), fence.group(2));
                    blank = false;
                } else if (blank && line.startsWith(INDENT) && !isInList()) {
                    indented();
                    blank = true;
                } else {
                    remark(line);
                    blank = line.isBlank();
                    next++;
                }
            }
            return new Page(file, name, blocks, prose);
        }

        private void remark(String line) {
            Matcher comment = COMMENT.matcher(line);
            if (!comment.matches()) {
                marks.clear();
            } else if (comment.group(1).startsWith(WHOLE_PAGE)) {
                wholePage = comment.group(1).substring(WHOLE_PAGE.length());
            } else {
                marks.add(comment.group(1));
            }
            prose.add(line);
        }

        private void fenced(int indent, String language) {
            int first = ++next;
            StringBuilder text = new StringBuilder();
            while (!lines.get(next).strip().equals("```")) {
                String line = lines.get(next++);
                text.append(line.substring(Math.min(
                                indent, line.length() - line.stripLeading().length())))
                        .append('\n');
            }
            next++;
            add(first + 1, language, text.toString());
        }

        /** The older form, without a language: commands. */
        private void indented() {
            int first = next;
            StringBuilder text = new StringBuilder();
            while (next < lines.size()
                    && (lines.get(next).startsWith(INDENT) || lines.get(next).isBlank())) {
                String line = lines.get(next++);
                text.append(line.isBlank() ? "" : line.substring(INDENT.length()))
                        .append('\n');
            }
            add(first + 1, "", text.toString().stripTrailing() + "\n");
        }

        private boolean isInList() {
            for (int i = next - 1; i >= 0; i--) {
                String line = lines.get(i);
                if (!line.isBlank() && !line.startsWith(" ")) {
                    return line.matches("([-*]|\\d+\\.) .*");
                }
            }
            return false;
        }

        private void add(int firstLine, String language, String text) {
            if (!wholePage.isEmpty() && language.equals("sh")) {
                marks.add("not run: " + wholePage);
            }
            blocks.add(new Block(name, firstLine, language, text, List.copyOf(marks)));
            marks.clear();
        }
    }
}
