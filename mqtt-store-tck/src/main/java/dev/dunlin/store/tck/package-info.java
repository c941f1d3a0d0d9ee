/**
 * The test kit of storage engines, and stores for the tests of their users: a {@link dev.dunlin.store.tck.ModelStore model} and
 * a {@link dev.dunlin.store.tck.FaultyStore faulty} one.
 */
package dev.dunlin.store.tck;
