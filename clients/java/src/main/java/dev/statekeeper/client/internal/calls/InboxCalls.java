package dev.statekeeper.client.internal.calls;

import dev.statekeeper.client.PauseRef;
import dev.statekeeper.client.WriteOptions;
import dev.statekeeper.client.errors.InvalidTokenException;
import dev.statekeeper.client.internal.caching.Cache;
import dev.statekeeper.client.internal.caching.CacheKey;
import dev.statekeeper.client.internal.requests.Arguments;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.client.internal.requests.PauseMessages;
import dev.statekeeper.client.internal.requests.PauseRequests;
import dev.statekeeper.client.internal.requests.Write;
import dev.statekeeper.client.internal.values.Codec;
import dev.statekeeper.client.internal.wire.Call;
import dev.statekeeper.client.internal.wire.Page;
import dev.statekeeper.client.internal.wire.Rpc;
import dev.statekeeper.client.model.Pause;
import dev.statekeeper.client.model.ResumeResult;
import dev.statekeeper.v1.GetPauseResponse;
import dev.statekeeper.v1.ListPausesRequest;
import dev.statekeeper.v1.ListPausesResponse;
import dev.statekeeper.v1.ResumeResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Makes the calls that lead from a token, or a namespace, to pauses. */
public final class InboxCalls {
  private final Codec codec;
  private final Cache cache;
  private final ExecutionRef anywhere;

  /**
   * Makes those of a client.
   *
   * @param cache the client's cache, which every write has to tell
   * @param actor who writes, where a call does not say
   */
  public InboxCalls(Codec codec, Cache cache, String actor) {
    this.codec = codec;
    this.cache = cache;
    this.anywhere = new ExecutionRef("", "", null, actor);
  }

  /** Makes the call that answers the pause of a token. */
  public Call<ResumeResponse, ResumeResult> resume(
      String token, @Nullable Object input, WriteOptions options) {
    return Call.of(
        Rpc.RESUME,
        PauseRequests.resume(anywhere, PauseRef.token(token), input, Write.of(options), codec),
        anywhere,
        response -> {
          ResumeResult result = PauseCalls.readResumeResult(response);
          // The ticket is taken late, because only the answer tells for what.
          Cache.Ticket ticket =
              cache.begin(new CacheKey(result.result().namespace(), result.result().executionId()));
          cache.endWrite(ticket, result.result().revision(), null, Duration.ZERO);
          return result;
        },
        error -> {
          // Without an answer it may have been any execution. A bad token was none, and may be one
          // of many that somebody tries.
          if (!(error instanceof InvalidTokenException)) {
            cache.clear();
          }
        });
  }

  /** Makes the call that looks up the pause of a token. */
  public Call<GetPauseResponse, Pause> get(String token) {
    return Call.of(
        Rpc.GET_PAUSE,
        PauseRequests.get(anywhere, PauseRef.token(token)),
        anywhere,
        response -> PauseMessages.read(response.getPause(), response.getExecution(), codec));
  }

  /** Makes the call for one page of the pauses that wait. */
  public Call<ListPausesResponse, Page<Pause>> list(
      String namespace, int pageSize, String pageToken) {
    ExecutionRef whole = ExecutionRef.ofNamespace(ExecutionRef.namespaceOf(namespace));
    ListPausesRequest request =
        ListPausesRequest.newBuilder()
            .setNamespace(whole.namespace())
            .setPageSize(Arguments.pageSize(pageSize))
            .setPageToken(pageToken)
            .build();
    return Call.of(
        Rpc.LIST_PAUSES,
        request,
        whole,
        response ->
            new Page<>(
                response.getPausesList().stream()
                    .map(each -> PauseMessages.read(each.getPause(), each.getExecution(), codec))
                    .toList(),
                response.getNextPageToken()));
  }
}
