package dev.statekeeper.client;

import dev.statekeeper.client.internal.calls.CheckpointCalls;
import dev.statekeeper.client.internal.calls.Handle;
import dev.statekeeper.client.internal.calls.PauseCalls;
import dev.statekeeper.client.internal.calls.StateCalls;
import dev.statekeeper.client.internal.wire.Call;
import dev.statekeeper.client.internal.wire.Connection;
import dev.statekeeper.client.model.DeleteResult;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.Pause;
import dev.statekeeper.client.model.PauseResult;
import dev.statekeeper.client.model.ResumeResult;
import dev.statekeeper.client.model.StateFields;
import dev.statekeeper.client.model.WriteResult;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The calls of a {@link StateManager} that wait for nobody, as futures: for who has many under way
 * and does not want a thread for each.
 *
 * <p>Made by {@link StateManager#async()}. The calls of one thread on one execution are done in the
 * order in which they are made, as long as their requests stay below 64 KiB. A future fails with
 * what the method of the same name throws, also about its arguments; cancelling it cancels the
 * call. What depends on a future is done in the common pool of threads, unless it says otherwise.
 */
public final class AsyncStateManager {
  private final Connection connection;
  private final StateCalls states;
  private final PauseCalls pauses;
  private final CheckpointCalls checkpoints;

  AsyncStateManager(Connection connection, Handle handle) {
    this.connection = connection;
    this.states = new StateCalls(handle);
    this.pauses = new PauseCalls(handle);
    this.checkpoints = new CheckpointCalls(handle);
  }

  /**
   * Replaces the whole state: see {@link StateManager#save(StateFields, WriteOptions)}.
   *
   * @param state all fields
   * @param options how to write
   * @return what was written
   */
  public CompletableFuture<WriteResult> save(StateFields state, WriteOptions options) {
    return start(() -> states.save(state, options));
  }

  /**
   * Saves a state: see {@link StateManager#save(ExecutionState, WriteOptions)}. It must not be
   * touched before the future is done, which moves it on.
   *
   * @param state the state
   * @param options how to write
   * @return what was written
   */
  public CompletableFuture<WriteResult> save(ExecutionState state, WriteOptions options) {
    return start(() -> states.save(state, options));
  }

  /**
   * Reads the state: see {@link StateManager#load(LoadOptions)}.
   *
   * @param options as of when, and which fields
   * @return empty: there is none
   */
  public CompletableFuture<Optional<ExecutionState>> load(LoadOptions options) {
    if (options.equals(LoadOptions.NONE)) {
      Optional<ExecutionState> cached = states.cached();
      if (cached.isPresent()) {
        return CompletableFuture.completedFuture(cached);
      }
    }
    return start(() -> states.load(options));
  }

  /**
   * Changes what is named and nothing else: see {@link StateManager#update(StateFields,
   * WriteOptions)}.
   *
   * @param changes the fields to change
   * @param options how to write
   * @return what was written
   */
  public CompletableFuture<WriteResult> update(StateFields changes, WriteOptions options) {
    return start(() -> states.update(changes, options));
  }

  /**
   * Removes the execution: see {@link StateManager#delete(WriteOptions)}.
   *
   * @param options how to write
   * @return whether there was anything
   */
  public CompletableFuture<DeleteResult> delete(WriteOptions options) {
    return start(() -> states.delete(options));
  }

  /**
   * Stops the execution until someone answers: see {@link StateManager#pause(PauseOptions,
   * WriteOptions)}.
   *
   * @param pause who pauses and why
   * @param options how to write
   * @return the token to resume with
   */
  public CompletableFuture<PauseResult> pause(PauseOptions pause, WriteOptions options) {
    return start(() -> pauses.pause(pause, options));
  }

  /**
   * Answers a pause: see {@link StateManager#resume(PauseRef, Object, WriteOptions)}.
   *
   * @param pause which
   * @param input the answer, a map or an object; null: nothing
   * @param options how to write
   * @return what was written, and which pause it was
   */
  public CompletableFuture<ResumeResult> resume(
      PauseRef pause, @Nullable Object input, WriteOptions options) {
    return start(() -> pauses.resume(pause, input, options));
  }

  /**
   * Looks a pause up: see {@link StateManager#getPause}.
   *
   * @param pause which
   * @return the pause
   */
  public CompletableFuture<Pause> getPause(PauseRef pause) {
    return start(() -> pauses.get(pause));
  }

  /**
   * Gives the state as it is a name: see {@link StateManager#checkpoint(String, WriteOptions)}.
   *
   * @param name the checkpoint
   * @param options how to write
   * @return what was written
   */
  public CompletableFuture<WriteResult> checkpoint(String name, WriteOptions options) {
    return start(() -> checkpoints.checkpoint(name, options));
  }

  /**
   * Brings the state of a checkpoint back: see {@link StateManager#restore(String, WriteOptions)}.
   *
   * @param name the checkpoint
   * @param options how to write
   * @return what was written
   */
  public CompletableFuture<WriteResult> restore(String name, WriteOptions options) {
    return start(() -> checkpoints.restore(name, options));
  }

  private <R> CompletableFuture<R> start(Supplier<? extends Call<?, R>> make) {
    Call<?, R> call;
    try {
      call = make.get();
    } catch (RuntimeException error) {
      return CompletableFuture.failedFuture(error);
    }
    return connection.start(call);
  }
}
