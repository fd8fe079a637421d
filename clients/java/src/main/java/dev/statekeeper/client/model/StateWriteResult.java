package dev.statekeeper.client.model;

import java.util.List;

/**
 * What a member's write to the shared state did.
 *
 * @param result what was written
 * @param dropped the keys that it may not set, and that were left out
 */
public record StateWriteResult(WriteResult result, List<String> dropped) {}
