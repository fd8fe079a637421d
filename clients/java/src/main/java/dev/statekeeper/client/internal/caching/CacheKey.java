package dev.statekeeper.client.internal.caching;

import dev.statekeeper.client.internal.requests.ExecutionRef;

/**
 * What a copy is of.
 *
 * @param namespace of the execution
 * @param executionId the execution
 */
public record CacheKey(String namespace, String executionId) {
  /** Gives that of an execution. */
  public static CacheKey of(ExecutionRef execution) {
    return new CacheKey(execution.namespace(), execution.executionId());
  }
}
