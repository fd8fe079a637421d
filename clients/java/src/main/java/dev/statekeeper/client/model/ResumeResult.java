package dev.statekeeper.client.model;

/**
 * What answering a pause did.
 *
 * @param result what was written
 * @param member the member that had paused
 * @param pauseId the pause that was answered
 */
public record ResumeResult(WriteResult result, String member, String pauseId) {}
