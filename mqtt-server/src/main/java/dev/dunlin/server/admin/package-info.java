/** The HTTP by which a person or a program looks into the server while it runs, and changes what it holds. */
@NullMarked
package dev.dunlin.server.admin;

import org.jspecify.annotations.NullMarked;
