/** The locks that handles were granted. */
@NullMarked
package dev.statekeeper.client.internal.locking;

import org.jspecify.annotations.NullMarked;
