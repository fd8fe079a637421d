/** How calls travel: attempts, the stream that small calls share, deadlines and failures. */
@NullMarked
package dev.statekeeper.client.internal.wire;

import org.jspecify.annotations.NullMarked;
