package dev.statekeeper.client.internal.calls;

import dev.statekeeper.client.ListOptions;
import dev.statekeeper.client.internal.requests.Arguments;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.client.internal.requests.StateMessages;
import dev.statekeeper.client.internal.requests.Times;
import dev.statekeeper.client.internal.values.Codec;
import dev.statekeeper.client.internal.wire.Call;
import dev.statekeeper.client.internal.wire.Page;
import dev.statekeeper.client.internal.wire.Rpc;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.v1.ListRequest;
import dev.statekeeper.v1.ListResponse;

/** Makes the calls about executions whose ids need not be known. */
public final class ListCalls {
  private ListCalls() {}

  /** Makes the request for the first page. */
  public static ListRequest request(ListOptions options) {
    ListRequest.Builder request =
        ListRequest.newBuilder()
            .setNamespace(ExecutionRef.namespaceOf(options.namespace()))
            .setIdPrefix(Arguments.text("id_prefix", options.idPrefix()))
            .setPageSize(Arguments.pageSize(options.pageSize()))
            .addAllFields(Arguments.texts("fields", options.fields()));
    options.statuses().stream()
        .sorted()
        .forEach(status -> request.addStatuses(StateMessages.numberOf(status)));
    options
        .labels()
        .forEach(
            (key, label) ->
                request.putLabels(
                    Arguments.text("labels (key)", key), Arguments.text("labels." + key, label)));
    if (options.updatedAfter() != null) {
      request.setUpdatedAfter(Times.timestamp(options.updatedAfter(), "updated_after"));
    }
    return request.build();
  }

  /** Makes the call for a page. */
  public static Call<ListResponse, Page<ExecutionState>> page(
      ListRequest first, String pageToken, Codec codec) {
    boolean partial = first.getFieldsCount() > 0;
    return Call.of(
        Rpc.LIST,
        first.toBuilder().setPageToken(pageToken).build(),
        ExecutionRef.ofNamespace(first.getNamespace()),
        response ->
            new Page<>(
                response.getExecutionsList().stream()
                    .map(each -> StateMessages.read(each, partial, codec))
                    .toList(),
                response.getNextPageToken()));
  }
}
