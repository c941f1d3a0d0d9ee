/** A broker for tests: {@link dev.dunlin.junit.DunlinExtension}. */
@NullMarked
package dev.dunlin.junit;

import org.jspecify.annotations.NullMarked;
