package dev.statekeeper.client.model;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a pause.
 *
 * @param input what was answered; null: nothing
 * @param actor who answered, as given with the write; empty when not given
 * @param time when
 */
public record Resumption(
    @Nullable Map<String, @Nullable Object> input, String actor, Instant time) {}
