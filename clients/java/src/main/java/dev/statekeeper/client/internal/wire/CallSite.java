package dev.statekeeper.client.internal.wire;

import dev.statekeeper.client.internal.requests.ExecutionRef;
import java.time.Duration;

/**
 * Where a call went, for messages and for errors that do not say.
 *
 * @param target the server's address as the client was given it
 * @param timeout how long the call was allowed to take
 * @param execution what it was about
 */
record CallSite(String target, Duration timeout, ExecutionRef execution) {}
