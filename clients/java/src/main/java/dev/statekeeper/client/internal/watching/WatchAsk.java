package dev.statekeeper.client.internal.watching;

import dev.statekeeper.client.WatchOptions;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.internal.requests.Arguments;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.client.internal.requests.Times;
import dev.statekeeper.client.model.EventKind;
import dev.statekeeper.v1.WatchInclude;
import dev.statekeeper.v1.WatchRequest;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What to watch, and how.
 *
 * @param scope what to watch; the namespace alone: all of it
 * @param request the request, but for where to begin later
 * @param place where to go on; null: where the request says
 * @param heartbeat after which silence the server gives a sign
 * @param giveUpAfter for how long to try to reach the server; null: for ever
 * @param restarts whether to begin again with a snapshot where the changes since are no longer kept
 */
record WatchAsk(
    ExecutionRef scope,
    WatchRequest request,
    @Nullable Place place,
    Duration heartbeat,
    @Nullable Duration giveUpAfter,
    boolean restarts) {

  /**
   * Makes one from what a caller gave.
   *
   * @param idPrefix of a namespace, how the ids of its executions begin; null: the scope is one
   *     execution
   */
  static WatchAsk checked(ExecutionRef scope, @Nullable String idPrefix, WatchOptions options) {
    WatchRequest.Builder request = WatchRequest.newBuilder();
    if (idPrefix == null) {
      request.setKey(scope.key());
    } else {
      request.setNamespace(scope.namespace()).setIdPrefix(Arguments.text("id_prefix", idPrefix));
    }
    checkStart(options);
    if (options.snapshot()) {
      request.setSnapshot(true);
    }
    if (options.afterRevision() != null) {
      request.setAfterRevision(Arguments.revision("after_revision", options.afterRevision()));
    }
    options.kinds().stream().sorted().forEach(kind -> request.addKinds(numberOf(kind)));
    request.setInclude(
        switch (options.include()) {
          case HEAD -> WatchInclude.WATCH_INCLUDE_HEAD;
          case CHANGES -> WatchInclude.WATCH_INCLUDE_CHANGES;
          case STATE -> WatchInclude.WATCH_INCLUDE_STATE;
        });
    Duration heartbeat = Times.span(options.heartbeat(), "heartbeat");
    request.setHeartbeatInterval(Times.duration(heartbeat));
    Duration giveUpAfter = options.giveUpAfter();
    return new WatchAsk(
        scope,
        request.build(),
        options.resumeToken() == null
            ? null
            : Place.read(Arguments.name("resume_token", options.resumeToken())),
        heartbeat,
        giveUpAfter == null ? null : Times.span(giveUpAfter, "give_up_after"),
        options.onCompacted() == WatchOptions.OnCompacted.SNAPSHOT);
  }

  private static void checkStart(WatchOptions options) {
    String first = options.snapshot() ? "snapshot" : null;
    if (options.afterRevision() != null) {
      first = onlyOne(first, "after_revision");
    }
    if (options.resumeToken() != null) {
      onlyOne(first, "resume_token");
    }
  }

  private static String onlyOne(@Nullable String first, String second) {
    if (first != null) {
      throw InvalidRequestException.of(second, "cannot be given together with " + first);
    }
    return second;
  }

  private static dev.statekeeper.v1.EventKind numberOf(EventKind kind) {
    return switch (kind) {
      case SNAPSHOT, SNAPSHOT_COMPLETE, GAP, UNKNOWN ->
          throw InvalidRequestException.of("kinds", kind + " cannot be asked for");
      default -> dev.statekeeper.v1.EventKind.valueOf("EVENT_KIND_" + kind.name());
    };
  }

  /** Makes the request for a stream that goes on at a place; null: that begins. */
  WatchRequest from(@Nullable Place from) {
    return from == null ? request : request.toBuilder().setResumeToken(from.serverToken()).build();
  }

  /** The same, but beginning with a snapshot. */
  WatchAsk withSnapshot() {
    return new WatchAsk(
        scope,
        request.toBuilder().setSnapshot(true).build(),
        null,
        heartbeat,
        giveUpAfter,
        restarts);
  }
}
