/** The client of a statekeeper server; begin with {@link dev.statekeeper.client.Client}. */
@NullMarked
package dev.statekeeper.client;

import org.jspecify.annotations.NullMarked;
