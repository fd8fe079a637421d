package dev.statekeeper.client.model;

import java.time.Instant;

/**
 * One access to a key of the shared state.
 *
 * @param key the key
 * @param member who
 * @param operation what was done
 * @param timestamp when
 * @param revision the revision that was read, or that the write has made
 */
public record Access(
    String key, String member, AccessOperation operation, Instant timestamp, long revision) {}
