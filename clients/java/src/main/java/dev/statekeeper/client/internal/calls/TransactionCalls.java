package dev.statekeeper.client.internal.calls;

import dev.statekeeper.client.LoadOptions;
import dev.statekeeper.client.WriteOptions;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.errors.StateNotFoundException;
import dev.statekeeper.client.internal.requests.Commit;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.client.internal.requests.StateMessages;
import dev.statekeeper.client.internal.requests.Write;
import dev.statekeeper.client.internal.wire.Call;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.TransactionState;
import dev.statekeeper.client.model.WriteResult;
import dev.statekeeper.v1.LoadResponse;
import dev.statekeeper.v1.UpdateResponse;
import java.util.Optional;

/** Makes the calls that load a state, and commit what it has become. */
public final class TransactionCalls {
  private final Handle handle;
  private final StateCalls states;

  /** Makes those of a handle. */
  public TransactionCalls(Handle handle, StateCalls states) {
    this.handle = handle;
    this.states = states;
  }

  /** Whose they are. */
  public ExecutionRef execution() {
    return handle.execution();
  }

  /** Makes the call that loads the state; what is wrong with the options is told now. */
  public Call<LoadResponse, Draft> begin(WriteOptions options) {
    execution().located(() -> Write.of(options).toMessage(execution()));
    Call<LoadResponse, Optional<ExecutionState>> load = states.load(LoadOptions.NONE);
    return load.reading(
        response -> {
          ExecutionState state =
              load.finish()
                  .apply(response)
                  .orElseThrow(
                      () ->
                          new StateNotFoundException(
                              execution().facts("there is no state to change")));
          return new Draft(state, encoded(state), state.revision());
        });
  }

  /**
   * Makes the call that writes what was changed; empty: nothing was.
   *
   * @param draft what was loaded
   * @param state what it has become; it is moved on to the new revision
   */
  public Optional<Call<UpdateResponse, WriteResult>> commit(
      Draft draft, ExecutionState state, WriteOptions options) {
    Write write = handle.fenced(options).expecting(draft.revision());
    return execution()
        .located(
            () -> {
              if (state.startTime() == null) {
                throw InvalidRequestException.of("start_time", "cannot be removed");
              }
              dev.statekeeper.v1.ExecutionState after = encoded(state);
              execution().checkId(after.getId());
              return Commit.of(draft.before(), after, state instanceof TransactionState)
                  .map(
                      request ->
                          request
                              .setKey(execution().key())
                              .setOptions(write.toMessage(execution())));
            })
        .map(states::update)
        .map(
            update ->
                update.reading(
                    response -> {
                      WriteResult result = update.finish().apply(response);
                      StateCalls.moveOn(state, result);
                      return result;
                    }));
  }

  /** Gives a state as this client would send it: others may write equal values in other texts. */
  private dev.statekeeper.v1.ExecutionState encoded(ExecutionState state) {
    return StateMessages.write(StateMessages.fieldsOf(state), handle.codec());
  }
}
