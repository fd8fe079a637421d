package dev.statekeeper.client.internal.calls;

import dev.statekeeper.client.OnUndeclared;
import dev.statekeeper.client.StateDefinition;
import dev.statekeeper.client.WriteOptions;
import dev.statekeeper.client.internal.requests.Arguments;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.client.internal.requests.Results;
import dev.statekeeper.client.internal.requests.Times;
import dev.statekeeper.client.internal.requests.Write;
import dev.statekeeper.client.internal.wire.Call;
import dev.statekeeper.client.internal.wire.Rpc;
import dev.statekeeper.client.model.Access;
import dev.statekeeper.client.model.AccessCounts;
import dev.statekeeper.client.model.AccessOperation;
import dev.statekeeper.client.model.AccessReport;
import dev.statekeeper.client.model.DefineResult;
import dev.statekeeper.client.model.Misfit;
import dev.statekeeper.client.model.StateWriteResult;
import dev.statekeeper.v1.DefineStateRequest;
import dev.statekeeper.v1.DefineStateResponse;
import dev.statekeeper.v1.GetAccessReportRequest;
import dev.statekeeper.v1.GetAccessReportResponse;
import dev.statekeeper.v1.KeyAccesses;
import dev.statekeeper.v1.MemberAccess;
import dev.statekeeper.v1.ReadStateRequest;
import dev.statekeeper.v1.ReadStateResponse;
import dev.statekeeper.v1.UndeclaredAction;
import dev.statekeeper.v1.WriteStateRequest;
import dev.statekeeper.v1.WriteStateResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes the calls about the shared state of one execution. */
public final class SharedStateCalls {
  private final Handle handle;

  /** Makes those of a handle. */
  public SharedStateCalls(Handle handle) {
    this.handle = handle;
  }

  /** Makes the call that defines it. */
  public Call<DefineStateResponse, DefineResult> define(
      StateDefinition definition, @Nullable Object input, WriteOptions options) {
    Write write = handle.fenced(options);
    DefineStateRequest request =
        handle.execution().located(() -> defineRequest(definition, input, write));
    return handle.write(
        Rpc.DEFINE_STATE,
        request,
        DefineStateResponse::getResult,
        response ->
            new DefineResult(
                Results.read(response.getResult()),
                response.getDefinitionVersion(),
                response.getMisfitsList().stream()
                    .map(
                        each ->
                            new Misfit(
                                each.getKey(), each.getPath(), each.getRule(), each.getProblem()))
                    .toList()));
  }

  private DefineStateRequest defineRequest(
      StateDefinition definition, @Nullable Object input, Write write) {
    ExecutionRef execution = handle.execution();
    DefineStateRequest.Builder request =
        DefineStateRequest.newBuilder()
            .setKey(execution.key())
            .setInitial(handle.codec().toJsonDocument(definition.initialValues(), "initial"));
    definition
        .schemas()
        .forEach(
            (key, schema) ->
                request.putSchema(
                    Arguments.text("schema (key)", key),
                    handle.codec().jsonText(schema, "schema." + key)));
    definition
        .members()
        .forEach(
            (name, access) ->
                request.putMembers(
                    Arguments.text("members (name)", name),
                    MemberAccess.newBuilder()
                        .addAllUse(Arguments.texts("members." + name + ".use", access.use()))
                        .addAllSet(Arguments.texts("members." + name + ".set", access.set()))
                        .build()));
    if (input != null) {
      request.setInput(handle.codec().toJsonDocument(input, "input"));
    }
    return request.setOptions(write.toMessage(execution)).build();
  }

  /** Makes the call that reads as a member. */
  public Call<ReadStateResponse, Map<String, @Nullable Object>> read(String member) {
    ExecutionRef execution = handle.execution();
    ReadStateRequest request =
        execution.located(
            () ->
                ReadStateRequest.newBuilder()
                    .setKey(execution.key())
                    .setMember(Arguments.name("member", member))
                    // However often it is sent, it is logged once.
                    .setOptions(
                        dev.statekeeper.v1.WriteOptions.newBuilder().setRequestId(Write.newId()))
                    .build());
    return handle.plain(
        Rpc.READ_STATE,
        request,
        response -> frozen(handle.codec().fromDocument(response.getView(), "view")));
  }

  /** Makes the call that writes as a member. */
  public Call<WriteStateResponse, StateWriteResult> write(
      String member, Object updates, OnUndeclared onUndeclared, WriteOptions options) {
    ExecutionRef execution = handle.execution();
    Write write = handle.fenced(options);
    WriteStateRequest request =
        execution.located(
            () ->
                WriteStateRequest.newBuilder()
                    .setKey(execution.key())
                    .setMember(Arguments.name("member", member))
                    .setUpdates(handle.codec().toJsonDocument(updates, "updates"))
                    .setOnUndeclared(
                        onUndeclared == OnUndeclared.DROP
                            ? UndeclaredAction.UNDECLARED_ACTION_DROP
                            : UndeclaredAction.UNDECLARED_ACTION_REJECT)
                    .setOptions(write.toMessage(execution))
                    .build());
    return handle.write(
        Rpc.WRITE_STATE,
        request,
        WriteStateResponse::getResult,
        response ->
            new StateWriteResult(
                Results.read(response.getResult()), List.copyOf(response.getDroppedList())));
  }

  /** Makes the call that tells who has accessed what. */
  public Call<GetAccessReportResponse, AccessReport> report() {
    return handle.plain(
        Rpc.GET_ACCESS_REPORT,
        GetAccessReportRequest.newBuilder().setKey(handle.execution().key()).build(),
        SharedStateCalls::readReport);
  }

  private static AccessReport readReport(GetAccessReportResponse response) {
    Map<String, List<Access>> patterns = new LinkedHashMap<>();
    Map<String, Map<String, AccessCounts>> counts = new LinkedHashMap<>();
    for (KeyAccesses key : response.getKeysList()) {
      patterns.put(
          key.getKey(),
          key.getRecentList().stream().map(each -> readAccess(key.getKey(), each)).toList());
      Map<String, AccessCounts> members = new LinkedHashMap<>();
      key.getCountsList()
          .forEach(
              each ->
                  members.put(
                      each.getMember(), new AccessCounts(each.getReads(), each.getWrites())));
      counts.put(key.getKey(), Collections.unmodifiableMap(members));
    }
    return new AccessReport(
        List.copyOf(response.getUnusedKeysList()),
        Collections.unmodifiableMap(patterns),
        Collections.unmodifiableMap(counts));
  }

  private static Access readAccess(String key, dev.statekeeper.v1.Access access) {
    return new Access(
        key,
        access.getMember(),
        access.getOperation() == dev.statekeeper.v1.AccessOperation.ACCESS_OPERATION_WRITE
            ? AccessOperation.WRITE
            : AccessOperation.READ,
        Times.instant(access.getTime()),
        access.getRevision());
  }

  private static Map<String, @Nullable Object> frozen(Map<?, ?> entries) {
    Map<String, @Nullable Object> copy = new LinkedHashMap<>();
    entries.forEach((key, value) -> copy.put((String) key, frozenValue(value)));
    return Collections.unmodifiableMap(copy);
  }

  private static @Nullable Object frozenValue(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      return frozen(map);
    }
    if (value instanceof List<?> items) {
      List<@Nullable Object> copy = new ArrayList<>();
      items.forEach(item -> copy.add(frozenValue(item)));
      return Collections.unmodifiableList(copy);
    }
    return value;
  }
}
