/** The calls of a handle and of a client: what is sent, and what becomes of the answer. */
@NullMarked
package dev.statekeeper.client.internal.calls;

import org.jspecify.annotations.NullMarked;
