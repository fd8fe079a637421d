package dev.statekeeper.client;

import dev.statekeeper.client.internal.calls.CheckpointCalls;
import dev.statekeeper.client.internal.calls.Handle;
import dev.statekeeper.client.internal.calls.PauseCalls;
import dev.statekeeper.client.internal.calls.SharedStateCalls;
import dev.statekeeper.client.internal.calls.StateCalls;
import dev.statekeeper.client.internal.wire.Call;
import dev.statekeeper.client.internal.wire.Connection;
import dev.statekeeper.client.model.DefineResult;
import dev.statekeeper.client.model.DeleteResult;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.PauseResult;
import dev.statekeeper.client.model.ResumeResult;
import dev.statekeeper.client.model.StateFields;
import dev.statekeeper.client.model.StateWriteResult;
import dev.statekeeper.client.model.WriteResult;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Describes what {@link Client#batch} is to do with one execution.
 *
 * <p>The methods are those of the handle, with the same arguments, and with what the handle adds:
 * its time to live, its actor, the token of the lock under which the batch is sent. What a handle's
 * method would throw about its arguments is thrown by the batch, before anything is sent.
 */
public final class Operations {
  private final Connection connection;
  private final StateCalls states;
  private final PauseCalls pauses;
  private final CheckpointCalls checkpoints;
  private final SharedStateCalls shared;

  Operations(Connection connection, Handle handle) {
    this.connection = connection;
    this.states = new StateCalls(handle);
    this.pauses = new PauseCalls(handle);
    this.checkpoints = new CheckpointCalls(handle);
    this.shared = new SharedStateCalls(handle);
  }

  /**
   * Replaces the whole state: see {@link StateManager#save(StateFields, WriteOptions)}.
   *
   * @param state all fields
   * @param options how to write
   * @return the operation
   */
  public Operation<WriteResult> save(StateFields state, WriteOptions options) {
    return of(() -> states.save(state, options));
  }

  /**
   * Replaces the whole state: see {@link StateManager#save(StateFields)}.
   *
   * @param state all fields
   * @return the operation
   */
  public Operation<WriteResult> save(StateFields state) {
    return save(state, WriteOptions.NONE);
  }

  /**
   * Saves a state: see {@link StateManager#save(ExecutionState, WriteOptions)}.
   *
   * @param state the state
   * @param options how to write
   * @return the operation
   */
  public Operation<WriteResult> save(ExecutionState state, WriteOptions options) {
    return of(() -> states.save(state, options));
  }

  /**
   * Reads the state: see {@link StateManager#load(LoadOptions)}; the server is always asked.
   *
   * @param options as of when, and which fields
   * @return the operation
   */
  public Operation<Optional<ExecutionState>> load(LoadOptions options) {
    return of(() -> states.load(options));
  }

  /**
   * Reads the state: see {@link StateManager#load()}; the server is always asked.
   *
   * @return the operation
   */
  public Operation<Optional<ExecutionState>> load() {
    return load(LoadOptions.NONE);
  }

  /**
   * Changes what is named and nothing else: see {@link StateManager#update(StateFields,
   * WriteOptions)}.
   *
   * @param changes the fields to change
   * @param options how to write
   * @return the operation
   */
  public Operation<WriteResult> update(StateFields changes, WriteOptions options) {
    return of(() -> states.update(changes, options));
  }

  /**
   * Changes what is named and nothing else: see {@link StateManager#update(StateFields)}.
   *
   * @param changes the fields to change
   * @return the operation
   */
  public Operation<WriteResult> update(StateFields changes) {
    return update(changes, WriteOptions.NONE);
  }

  /**
   * Removes the execution: see {@link StateManager#delete(WriteOptions)}.
   *
   * @param options how to write
   * @return the operation
   */
  public Operation<DeleteResult> delete(WriteOptions options) {
    return of(() -> states.delete(options));
  }

  /**
   * Stops the execution until someone answers: see {@link StateManager#pause(PauseOptions,
   * WriteOptions)}.
   *
   * @param pause who pauses and why
   * @param options how to write
   * @return the operation
   */
  public Operation<PauseResult> pause(PauseOptions pause, WriteOptions options) {
    return of(() -> pauses.pause(pause, options));
  }

  /**
   * Answers a pause: see {@link StateManager#resume(PauseRef, Object, WriteOptions)}.
   *
   * @param pause which
   * @param input the answer, a map or an object; null: nothing
   * @param options how to write
   * @return the operation
   */
  public Operation<ResumeResult> resume(
      PauseRef pause, @Nullable Object input, WriteOptions options) {
    return of(() -> pauses.resume(pause, input, options));
  }

  /**
   * Gives the state as it is a name: see {@link StateManager#checkpoint(String, WriteOptions)}.
   *
   * @param name the checkpoint
   * @param options how to write
   * @return the operation
   */
  public Operation<WriteResult> checkpoint(String name, WriteOptions options) {
    return of(() -> checkpoints.checkpoint(name, options));
  }

  /**
   * Brings the state of a checkpoint back: see {@link StateManager#restore(String, WriteOptions)}.
   *
   * @param name the checkpoint
   * @param options how to write
   * @return the operation
   */
  public Operation<WriteResult> restore(String name, WriteOptions options) {
    return of(() -> checkpoints.restore(name, options));
  }

  /**
   * Brings the state of a revision back: see {@link StateManager#restore(long, WriteOptions)}.
   *
   * @param revision the revision
   * @param options how to write
   * @return the operation
   */
  public Operation<WriteResult> restore(long revision, WriteOptions options) {
    return of(() -> checkpoints.restore(revision, options));
  }

  /**
   * Defines the shared state: see {@link StateManager#defineState(StateDefinition, Object,
   * WriteOptions)}.
   *
   * @param definition what it is to be
   * @param input what templates lead into, a map or an object; null: nothing
   * @param options how to write
   * @return the operation
   */
  public Operation<DefineResult> defineState(
      StateDefinition definition, @Nullable Object input, WriteOptions options) {
    return of(() -> shared.define(definition, input, options));
  }

  /**
   * Reads the shared state as a member: see {@link Member#state}.
   *
   * @param member who reads
   * @return the operation
   */
  public Operation<Map<String, @Nullable Object>> readState(String member) {
    return of(() -> shared.read(member));
  }

  /**
   * Writes to the shared state as a member: see {@link Member#setState(Object, OnUndeclared,
   * WriteOptions)}.
   *
   * @param member who writes
   * @param updates values by key, a map or an object
   * @param onUndeclared what becomes of keys that it may not set
   * @param options how to write
   * @return the operation
   */
  public Operation<StateWriteResult> writeState(
      String member, Object updates, OnUndeclared onUndeclared, WriteOptions options) {
    return of(() -> shared.write(member, updates, onUndeclared, options));
  }

  private <R> Operation<R> of(Supplier<? extends Call<?, R>> make) {
    return new Operation<>(connection, make);
  }
}
