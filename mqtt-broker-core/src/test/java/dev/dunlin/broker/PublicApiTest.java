package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.ImportTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreeScanner;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import javax.lang.model.element.Modifier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What users see: all of it is documented, and the broker's part of it knows nothing of Netty. */
class PublicApiTest {
    private static final String PATH = "mqtt-broker-core/src/main/java/dev/dunlin/broker/A.java";
    private static final Set<String> WITHOUT_NETTY = Set.of("dev.dunlin.broker", "dev.dunlin.broker.spi");
    private static final Set<String> EXPORTED = Set.of(
            "dev.dunlin.auth",
            "dev.dunlin.codec",
            "dev.dunlin.junit",
            "dev.dunlin.broker",
            "dev.dunlin.broker.spi",
            "dev.dunlin.store.tck",
            "dev.dunlin.store.rocksdb",
            "dev.dunlin.store.mapdb");

    private static List<SourceFile> sources;

    @BeforeAll
    static void readAll() {
        sources = SourceFile.ofAllModules();
    }

    @Test
    void everythingPublicIsDocumented() {
        assertThat(sources.stream()
                        .filter(file -> EXPORTED.contains(file.packageName()))
                        .flatMap(file -> undocumented(file).stream()))
                .isEmpty();
    }

    @Test
    void theBrokersSignaturesAreFreeOfNetty() {
        assertThat(sources.stream()
                        .filter(file -> WITHOUT_NETTY.contains(file.packageName()))
                        .flatMap(file -> nettyInSignatures(file).stream()))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "public class A {}",
                "/** A. */ public class A { public A() {} }",
                "/** A. */ public class A { protected void m() {} }",
                "/** A. */ public class A { public int f; }",
                "/** A. */ public class A { /** B. */ public static class B { public int f; } }",
                "/** A. */ public interface A { void m(); }",
                "/** A. */ public interface A { class B {} }",
                "/** A. */ public @interface A { int value(); }",
                "/** A. */ public enum A { X; public static final A Y = X; }",
                "/** A. */ public record A(int a) { public int b() { return a; } }",
                "/** A. */ public record A(int a) { public A(int a, int b) { this(a); } }",
            })
    void findsWhatIsNotDocumented(String source) {
        assertThat(undocumented(SourceFile.of(PATH, source)))
                .singleElement()
                .asString()
                .startsWith(PATH + ":1: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "class A { public void m() {} public static class B {} }",
                "/** A. */ public class A { int f; void m() {} private A() {} }",
                "/** A. */ public class A { @Override public String toString() { return null; } }",
                "/** A. */ public enum A { X, Y { } }",
                "/** A. */ public interface A { private void m() {} }",
                "/** A. */ public record A(int a) { public A { } public int a() { return a; } }",
                "/** A. */ public record A(int a) { public A(int a) { this.a = a; } }",
            })
    void asksForNoCommentWhereNoneIsOwed(String source) {
        assertThat(undocumented(SourceFile.of(PATH, source))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "public class A { public ByteBuf m() { return null; } }",
                "public class A { public void m(java.util.List<? extends ByteBuf[]> list) {} }",
                "public class A { protected A(io.netty.buffer.ByteBuf buffer) {} }",
                "public class A { public ByteBuf f; }",
                "public class A { public <T extends ByteBuf> void m() {} }",
                "public interface A { ByteBuf m(); }",
                "public interface A<T extends ByteBuf> {}",
                "public class A extends ByteBuf {}",
                "public record A(ByteBuf buffer) {}",
            })
    void findsNettyInASignature(String source) {
        assertThat(nettyInSignatures(SourceFile.of(PATH, "import io.netty.buffer.ByteBuf;\n" + source)))
                .isNotEmpty()
                .allMatch(finding -> finding.startsWith(PATH + ":2: "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "public class A { ByteBuf f; private ByteBuf m(ByteBuf b) { return b; } }",
                "class A { public ByteBuf m() { return null; } }",
                "public class A { public void m() { ByteBuf b = null; } }",
            })
    void allowsNettyInside(String source) {
        assertThat(nettyInSignatures(SourceFile.of(PATH, "import io.netty.buffer.ByteBuf;\n" + source)))
                .isEmpty();
    }

    private static List<String> undocumented(SourceFile file) {
        List<String> findings = new ArrayList<>();
        visitVisible(file, (path, owner) -> {
            if (!isExempt(path.getLeaf(), owner) && file.trees().getDocComment(path) == null) {
                findings.add(file.finding(file.firstLine(path.getLeaf()), "public, but without a comment"));
            }
        });
        return findings;
    }

    private static List<String> nettyInSignatures(SourceFile file) {
        Set<String> imported = new HashSet<>();
        for (ImportTree tree : file.unit().getImports()) {
            String name = tree.getQualifiedIdentifier().toString();
            if (name.startsWith("io.netty.")) {
                imported.add(name.substring(name.lastIndexOf('.') + 1));
            }
        }
        List<String> findings = new ArrayList<>();
        TreeScanner<Void, Void> scanner = new TreeScanner<>() {
            @Override
            public Void visitIdentifier(IdentifierTree tree, Void unused) {
                if (imported.contains(tree.getName().toString())) {
                    findings.add(file.finding(file.firstLine(tree), "an exported signature names Netty's " + tree));
                }
                return null;
            }

            @Override
            public Void visitMemberSelect(MemberSelectTree tree, Void unused) {
                if (tree.toString().startsWith("io.netty.")) {
                    findings.add(file.finding(file.firstLine(tree), "an exported signature names " + tree));
                }
                return super.visitMemberSelect(tree, null);
            }
        };
        visitVisible(file, (path, owner) -> scanner.scan(signature(path.getLeaf()), null));
        return findings;
    }

    /** The types that a user of the declaration meets. */
    private static List<Tree> signature(Tree declaration) {
        List<Tree> types = new ArrayList<>();
        if (declaration instanceof ClassTree type) {
            types.addAll(type.getTypeParameters());
            types.addAll(type.getImplementsClause());
            types.add(type.getExtendsClause());
            if (type.getKind() == Tree.Kind.RECORD) {
                components(type).forEach(component -> types.add(component.getType()));
            }
        } else if (declaration instanceof MethodTree method) {
            types.addAll(method.getTypeParameters());
            types.add(method.getReturnType());
            method.getParameters().forEach(parameter -> types.add(parameter.getType()));
            types.addAll(method.getThrows());
        } else if (declaration instanceof VariableTree field) {
            types.add(field.getType());
        }
        return types;
    }

    /** Calls {@code visitor} with each declaration that users see, and the type around it (null: none). */
    private static void visitVisible(SourceFile file, BiConsumer<TreePath, ClassTree> visitor) {
        TreePath unit = new TreePath(file.unit());
        for (Tree tree : file.unit().getTypeDecls()) {
            visitIfVisible(new TreePath(unit, tree), null, visitor);
        }
    }

    private static void visitIfVisible(TreePath path, ClassTree owner, BiConsumer<TreePath, ClassTree> visitor) {
        if (!isVisible(path.getLeaf(), owner)) {
            return;
        }
        visitor.accept(path, owner);
        if (path.getLeaf() instanceof ClassTree type) {
            for (Tree member : type.getMembers()) {
                visitIfVisible(new TreePath(path, member), type, visitor);
            }
        }
    }

    private static boolean isVisible(Tree tree, ClassTree owner) {
        ModifiersTree modifiers;
        if (tree instanceof ClassTree type) {
            modifiers = type.getModifiers();
        } else if (tree instanceof MethodTree method) {
            modifiers = method.getModifiers();
        } else if (tree instanceof VariableTree field) {
            modifiers = field.getModifiers();
        } else {
            return false;
        }
        Set<Modifier> flags = modifiers.getFlags();
        boolean ofInterface = owner != null
                && (owner.getKind() == Tree.Kind.INTERFACE || owner.getKind() == Tree.Kind.ANNOTATION_TYPE);
        return flags.contains(Modifier.PUBLIC)
                || flags.contains(Modifier.PROTECTED)
                || (ofInterface && !flags.contains(Modifier.PRIVATE));
    }

    /** Enum constants, what overrides, and the accessors and the canonical constructor of a record. */
    private static boolean isExempt(Tree tree, ClassTree owner) {
        if (tree instanceof VariableTree field) {
            return owner.getKind() == Tree.Kind.ENUM && field.getInitializer() instanceof NewClassTree;
        }
        if (!(tree instanceof MethodTree method)) {
            return false;
        }
        if (method.getModifiers().getAnnotations().stream()
                .anyMatch(a -> a.getAnnotationType().toString().equals("Override"))) {
            return true;
        }
        return owner.getKind() == Tree.Kind.RECORD && isOfHeader(method, components(owner));
    }

    private static boolean isOfHeader(MethodTree method, List<VariableTree> components) {
        int parameters = method.getParameters().size();
        if (method.getReturnType() == null) {
            // A compact constructor is parsed without parameters.
            return parameters == components.size() || parameters == 0;
        }
        return parameters == 0 && components.stream().anyMatch(c -> c.getName().equals(method.getName()));
    }

    /** The parser makes each component of the header a private field. */
    private static List<VariableTree> components(ClassTree type) {
        return type.getMembers().stream()
                .filter(VariableTree.class::isInstance)
                .map(VariableTree.class::cast)
                .filter(field -> !field.getModifiers().getFlags().contains(Modifier.STATIC))
                .toList();
    }
}
