package dev.statekeeper.client.internal.watching;

/**
 * An event that was given.
 *
 * @param executionId of which execution
 * @param revision its revision
 */
record Mark(String executionId, long revision) {}
