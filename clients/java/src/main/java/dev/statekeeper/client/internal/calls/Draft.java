package dev.statekeeper.client.internal.calls;

import dev.statekeeper.client.model.ExecutionState;

/**
 * A state that was loaded to be changed.
 *
 * @param loaded the state; it may be changed
 * @param before what it was
 * @param revision where it was loaded
 */
public record Draft(
    ExecutionState loaded, dev.statekeeper.v1.ExecutionState before, long revision) {}
