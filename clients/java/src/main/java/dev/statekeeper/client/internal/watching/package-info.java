/** Watches: where they stand, and how they go on when a stream ends. */
@NullMarked
package dev.statekeeper.client.internal.watching;

import org.jspecify.annotations.NullMarked;
