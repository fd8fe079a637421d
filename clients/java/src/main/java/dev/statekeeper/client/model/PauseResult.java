package dev.statekeeper.client.model;

/**
 * What pausing gave.
 *
 * @param token what resumes the pause, once: {@code hitl_...}. It is a secret: who has it can
 *     answer. So the text of this record, which ends up in logs, does not show it.
 * @param pauseId the pause; no secret
 * @param result what was written
 */
public record PauseResult(String token, String pauseId, WriteResult result) {
  @Override
  public String toString() {
    return "PauseResult[pauseId=" + pauseId + ", result=" + result + "]";
  }
}
