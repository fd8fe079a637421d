/** What the client throws: {@link dev.statekeeper.client.errors.StateException} and its kinds. */
@NullMarked
package dev.statekeeper.client.errors;

import org.jspecify.annotations.NullMarked;
