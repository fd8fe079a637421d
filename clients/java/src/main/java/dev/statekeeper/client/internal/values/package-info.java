/** Values of documents, to and from JSON text. */
@NullMarked
package dev.statekeeper.client.internal.values;

import org.jspecify.annotations.NullMarked;
