/** What was loaded or saved of late, so that it need not be loaded again. */
@NullMarked
package dev.statekeeper.client.internal.caching;

import org.jspecify.annotations.NullMarked;
