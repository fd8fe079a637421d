package dev.statekeeper.client.internal.requests;

import dev.statekeeper.client.WriteOptions;
import dev.statekeeper.client.errors.InvalidRequestException;
import java.time.Duration;
import java.util.UUID;

/**
 * How one write is done.
 *
 * @param options as the caller gave them
 * @param fencingToken of the lock under which is written; 0: none
 */
public record Write(WriteOptions options, long fencingToken) {
  /** Makes one that is under no lock. */
  public static Write of(WriteOptions options) {
    return new Write(options, 0);
  }

  /** Gives the same with another revision expected. */
  public Write expecting(long revision) {
    return new Write(options.withExpectedRevision(revision), fencingToken);
  }

  /** Gives the options to send with a write that sets a time to live. */
  public dev.statekeeper.v1.WriteOptions toMessage(ExecutionRef execution) {
    dev.statekeeper.v1.WriteOptions.Builder message = withoutTtl(execution).toBuilder();
    Duration ttl = options.ttl() == null ? execution.ttl() : Times.span(options.ttl(), "ttl");
    if (ttl != null) {
      message.setTtl(Times.duration(ttl));
    }
    return message.build();
  }

  /** Gives the options to send with any other write. */
  public dev.statekeeper.v1.WriteOptions withoutTtl(ExecutionRef execution) {
    dev.statekeeper.v1.WriteOptions.Builder message =
        dev.statekeeper.v1.WriteOptions.newBuilder().setFencingToken(fencingToken);
    if (options.expectedRevision() != null) {
      message.setExpectedRevision(
          Arguments.revision("expected_revision", options.expectedRevision()));
    }
    message.setRequestId(options.requestId() == null ? newId() : given(options.requestId()));
    String actor =
        options.actor() == null ? execution.actor() : Arguments.text("actor", options.actor());
    return message.setActor(actor).build();
  }

  /** Makes a name that nothing else has. */
  public static String newId() {
    return UUID.randomUUID().toString().replace("-", "");
  }

  private static String given(String requestId) {
    if (requestId.isEmpty()) {
      throw InvalidRequestException.of(
          "request_id", "must not be empty; leave it out to have one made");
    }
    return Arguments.text("request_id", requestId);
  }
}
