package dev.statekeeper.client.model;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A name for a revision of an execution.
 *
 * @param name its name
 * @param timestamp when it was made
 * @param revision the revision that it names
 * @param actor who made it, as given with the write; empty when not given
 * @param state the state that it names; null: not asked for
 */
public record Checkpoint(
    String name, Instant timestamp, long revision, String actor, @Nullable ExecutionState state) {}
