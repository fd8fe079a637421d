package dev.statekeeper.client;

import dev.statekeeper.client.errors.CallCancelledException;
import dev.statekeeper.client.errors.ConflictException;
import dev.statekeeper.client.internal.calls.Draft;
import dev.statekeeper.client.internal.calls.TransactionCalls;
import dev.statekeeper.client.internal.requests.Times;
import dev.statekeeper.client.internal.wire.Call;
import dev.statekeeper.client.internal.wire.ConflictBackoff;
import dev.statekeeper.client.internal.wire.Connection;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.WriteResult;
import dev.statekeeper.v1.UpdateResponse;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Changes a state and commits it, again after each conflict. */
final class Transactions {
  private final Connection connection;
  private final TransactionCalls calls;

  Transactions(Connection connection, TransactionCalls calls) {
    this.connection = connection;
    this.calls = calls;
  }

  /**
   * What was committed.
   *
   * @param state the state as it is now
   * @param result what was written; empty: nothing was changed
   */
  record Committed<S>(S state, Optional<WriteResult> result) {}

  Transaction begin(TransactionOptions options) {
    return new Transaction(connection, calls, options.toWriteOptions());
  }

  <S extends ExecutionState> Committed<S> run(
      Function<ExecutionState, S> change, TransactionOptions options) {
    WriteOptions write = options.toWriteOptions();
    ConflictBackoff attempts =
        new ConflictBackoff(
            calls.execution().located(() -> Times.span(options.timeout(), "timeout")));
    while (true) {
      Draft draft = connection.send(calls.begin(write));
      S state = change.apply(draft.loaded());
      Optional<Call<UpdateResponse, WriteResult>> commit = calls.commit(draft, state, write);
      if (commit.isEmpty()) {
        return new Committed<>(state, Optional.empty());
      }
      try {
        return new Committed<>(state, Optional.of(connection.send(commit.get())));
      } catch (ConflictException conflict) {
        pause(attempts.delayNanos(), conflict);
      }
    }
  }

  /** Gives the state as a change of it would be saved, and saves nothing. */
  <S extends ExecutionState> S dryRun(Function<ExecutionState, S> change, WriteOptions options) {
    return change.apply(connection.send(calls.begin(options)).loaded());
  }

  private void pause(OptionalLong delayNanos, ConflictException conflict) {
    if (delayNanos.isEmpty()) {
      throw conflict;
    }
    try {
      TimeUnit.NANOSECONDS.sleep(delayNanos.getAsLong());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new CallCancelledException(calls.execution().facts("the thread was interrupted"));
    }
  }
}
