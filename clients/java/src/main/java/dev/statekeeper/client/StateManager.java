package dev.statekeeper.client;

import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.internal.calls.CheckpointCalls;
import dev.statekeeper.client.internal.calls.Handle;
import dev.statekeeper.client.internal.calls.LockCalls;
import dev.statekeeper.client.internal.calls.PauseCalls;
import dev.statekeeper.client.internal.calls.SharedStateCalls;
import dev.statekeeper.client.internal.calls.StateCalls;
import dev.statekeeper.client.internal.calls.TransactionCalls;
import dev.statekeeper.client.internal.watching.Following;
import dev.statekeeper.client.internal.wire.Connection;
import dev.statekeeper.client.model.AccessReport;
import dev.statekeeper.client.model.Checkpoint;
import dev.statekeeper.client.model.DefineResult;
import dev.statekeeper.client.model.DeleteResult;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.LockHolder;
import dev.statekeeper.client.model.Pause;
import dev.statekeeper.client.model.PauseResult;
import dev.statekeeper.client.model.ResumeResult;
import dev.statekeeper.client.model.Revision;
import dev.statekeeper.client.model.StateFields;
import dev.statekeeper.client.model.Status;
import dev.statekeeper.client.model.TransactionState;
import dev.statekeeper.client.model.WriteResult;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The state, pauses, checkpoints and lock of one execution, and what happens to it.
 *
 * <p>Made by {@link Client#stateManager}. Handles are cheap, and may be used by any number of
 * threads.
 *
 * <p>Beside what it names, every call may throw {@code UnavailableException}, {@code
 * DeadlineExceededException}, {@code OverloadedException}, {@code StorageException} and {@code
 * InternalException}; a write also {@code ConflictException}, {@code RequestIdReusedException} and
 * (but for a delete) {@code StorageFullException}, {@code LockedException} where somebody else
 * holds the lock exclusively, and {@code FencedException} where this handle has lost it. All are in
 * {@link dev.statekeeper.client.errors}.
 */
public final class StateManager {
  private static final int PAGE_SIZE = 100;

  private final Connection connection;
  private final Handle handle;
  private final StateCalls states;
  private final PauseCalls pauses;
  private final CheckpointCalls checkpoints;
  private final LockCalls locks;
  private final SharedStateCalls shared;
  private final Transactions transactions;

  StateManager(Connection connection, Handle handle) {
    this.connection = connection;
    this.handle = handle;
    this.states = new StateCalls(handle);
    this.pauses = new PauseCalls(handle);
    this.checkpoints = new CheckpointCalls(handle);
    this.locks = new LockCalls(handle);
    this.shared = new SharedStateCalls(handle);
    this.transactions = new Transactions(connection, new TransactionCalls(handle, states));
  }

  /**
   * The execution's id.
   *
   * @return the id
   */
  public String executionId() {
    return handle.execution().executionId();
  }

  /**
   * The execution's namespace.
   *
   * @return the namespace
   */
  public String namespace() {
    return handle.execution().namespace();
  }

  /**
   * Replaces the whole state, or creates the execution.
   *
   * @param state all fields; the status is required
   * @return what was written
   */
  public WriteResult save(StateFields state) {
    return save(state, WriteOptions.NONE);
  }

  /**
   * Replaces the whole state, or creates the execution.
   *
   * @param state all fields; the status is required
   * @param options how to write
   * @return what was written
   * @throws dev.statekeeper.client.errors.InvalidRequestException where a field is of no use
   * @throws dev.statekeeper.client.errors.SerializationException where a value cannot be sent
   * @throws dev.statekeeper.client.errors.StateTooLargeException where it is larger than 10 MiB
   */
  public WriteResult save(StateFields state, WriteOptions options) {
    return connection.send(states.save(state, options));
  }

  /**
   * Saves a state: where it has a revision (it was loaded, or saved before), only if the execution
   * still is at that one; the state is moved on to the new one.
   *
   * @param state the state
   * @return what was written
   */
  public WriteResult save(ExecutionState state) {
    return save(state, WriteOptions.NONE);
  }

  /**
   * Saves a state: where it has a revision (it was loaded, or saved before), only if the execution
   * still is at that one; the state is moved on to the new one.
   *
   * @param state the state
   * @param options how to write
   * @return what was written
   * @throws dev.statekeeper.client.errors.ConflictException where someone else wrote since
   * @throws dev.statekeeper.client.errors.InvalidRequestException where a field is of no use, or
   *     the state was loaded in part
   * @throws dev.statekeeper.client.errors.SerializationException where a value cannot be sent
   * @throws dev.statekeeper.client.errors.StateTooLargeException where it is larger than 10 MiB
   */
  public WriteResult save(ExecutionState state, WriteOptions options) {
    return connection.send(states.save(state, options));
  }

  /**
   * Reads the state.
   *
   * @return empty: there is none, or it has expired
   */
  public Optional<ExecutionState> load() {
    return load(LoadOptions.NONE);
  }

  /**
   * Reads the state.
   *
   * @param options as of when, and which fields
   * @return empty: there is none, or it has expired
   * @throws dev.statekeeper.client.errors.CheckpointNotFoundException where there is no such
   *     checkpoint
   * @throws dev.statekeeper.client.errors.RevisionCompactedException where that revision is no
   *     longer kept whole
   */
  public Optional<ExecutionState> load(LoadOptions options) {
    if (options.equals(LoadOptions.NONE)) {
      Optional<ExecutionState> cached = states.cached();
      if (cached.isPresent()) {
        return cached;
      }
    }
    return connection.send(states.load(options));
  }

  /**
   * Changes what is named and nothing else.
   *
   * @param changes the fields to change
   * @return what was written
   */
  public WriteResult update(StateFields changes) {
    return update(changes, WriteOptions.NONE);
  }

  /**
   * Changes what is named and nothing else.
   *
   * @param changes the fields to change
   * @param options how to write
   * @return what was written
   * @throws dev.statekeeper.client.errors.StateNotFoundException where the execution does not exist
   * @throws dev.statekeeper.client.errors.InvalidRequestException where a field is of no use
   * @throws dev.statekeeper.client.errors.SerializationException where a value cannot be sent
   * @throws dev.statekeeper.client.errors.StateTooLargeException where it would become larger than
   *     10 MiB
   */
  public WriteResult update(StateFields changes, WriteOptions options) {
    return connection.send(states.update(changes, options));
  }

  /**
   * Removes the execution and all that belongs to it.
   *
   * @return whether there was anything
   */
  public DeleteResult delete() {
    return delete(WriteOptions.NONE);
  }

  /**
   * Removes the execution and all that belongs to it; what does not exist is removed with success.
   *
   * @param options how to write; a time to live has no meaning here
   * @return whether there was anything
   */
  public DeleteResult delete(WriteOptions options) {
    return connection.send(states.delete(options));
  }

  /**
   * Lists the changes of the execution, the newest first.
   *
   * @return the changes; none: there is no execution
   */
  public Pages<Revision> listRevisions() {
    return listRevisions(PAGE_SIZE);
  }

  /**
   * Lists the changes of the execution, the newest first.
   *
   * @param pageSize how many are fetched at a time, 1 to 1,000
   * @return the changes; none: there is no execution
   */
  public Pages<Revision> listRevisions(int pageSize) {
    // Told here and not at the first step.
    states.listRevisions(pageSize, "");
    return new Pages<>(token -> connection.send(states.listRevisions(pageSize, token)));
  }

  /**
   * Gives the state as it is a name.
   *
   * @param name 1 to 256 bytes
   * @return what was written
   */
  public WriteResult checkpoint(String name) {
    return checkpoint(name, WriteOptions.NONE);
  }

  /**
   * Gives the state as it is a name; costs the same for any size of state.
   *
   * <p>A checkpoint of the same name is replaced. The execution's revision does not move.
   *
   * @param name 1 to 256 bytes; an execution has at most 256 checkpoints
   * @param options how to write
   * @return what was written
   * @throws dev.statekeeper.client.errors.StateNotFoundException where the execution does not exist
   */
  public WriteResult checkpoint(String name, WriteOptions options) {
    return connection.send(checkpoints.checkpoint(name, options));
  }

  /**
   * Brings the state of a checkpoint back.
   *
   * @param name the checkpoint
   * @return what was written
   */
  public WriteResult restore(String name) {
    return restore(name, WriteOptions.NONE);
  }

  /**
   * Brings the state of a checkpoint back, as a new revision; closes the open pauses.
   *
   * @param name the checkpoint
   * @param options how to write
   * @return what was written
   * @throws dev.statekeeper.client.errors.StateNotFoundException where the execution does not exist
   * @throws dev.statekeeper.client.errors.CheckpointNotFoundException where there is no such
   *     checkpoint
   */
  public WriteResult restore(String name, WriteOptions options) {
    return connection.send(checkpoints.restore(name, options));
  }

  /**
   * Brings the state of a revision back.
   *
   * @param revision the state as it was right after this one
   * @return what was written
   */
  public WriteResult restore(long revision) {
    return restore(revision, WriteOptions.NONE);
  }

  /**
   * Brings the state of a revision back, as a new revision; closes the open pauses.
   *
   * @param revision the state as it was right after this one
   * @param options how to write
   * @return what was written
   * @throws dev.statekeeper.client.errors.StateNotFoundException where the execution does not exist
   * @throws dev.statekeeper.client.errors.RevisionCompactedException where that revision is no
   *     longer kept whole
   */
  public WriteResult restore(long revision, WriteOptions options) {
    return connection.send(checkpoints.restore(revision, options));
  }

  /**
   * Lists the checkpoints, the oldest first, without their states.
   *
   * @return the checkpoints
   */
  public Pages<Checkpoint> listCheckpoints() {
    return listCheckpoints(false);
  }

  /**
   * Lists the checkpoints, the oldest first.
   *
   * @param includeState whether to fetch the states as well
   * @return the checkpoints
   */
  public Pages<Checkpoint> listCheckpoints(boolean includeState) {
    return new Pages<>(token -> connection.send(checkpoints.list(includeState, token)));
  }

  /**
   * Removes a checkpoint.
   *
   * @param name the checkpoint
   * @return whether it was there
   */
  public DeleteResult deleteCheckpoint(String name) {
    return deleteCheckpoint(name, WriteOptions.NONE);
  }

  /**
   * Removes a checkpoint; what does not exist is removed with success.
   *
   * @param name the checkpoint
   * @param options how to write
   * @return whether it was there
   * @throws dev.statekeeper.client.errors.StateNotFoundException where the execution does not exist
   */
  public DeleteResult deleteCheckpoint(String name, WriteOptions options) {
    return connection.send(checkpoints.delete(name, options));
  }

  /**
   * Stops the execution until someone answers.
   *
   * @param pause who pauses and why
   * @return the token to resume with
   */
  public PauseResult pause(PauseOptions pause) {
    return pause(pause, WriteOptions.NONE);
  }

  /**
   * Stops the execution until someone answers; creates it when it is not there.
   *
   * <p>Its status becomes {@code PAUSED}. Several pauses may be open at once, at most 64, and the
   * execution outlives them.
   *
   * @param pause who pauses and why
   * @param options how to write
   * @return the token to resume with, a secret that works once
   * @throws dev.statekeeper.client.errors.InvalidRequestException where an argument is of no use
   * @throws dev.statekeeper.client.errors.SerializationException where a value cannot be sent
   * @throws dev.statekeeper.client.errors.StateTooLargeException where with the data it would be
   *     larger than 10 MiB
   */
  public PauseResult pause(PauseOptions pause, WriteOptions options) {
    return connection.send(pauses.pause(pause, options));
  }

  /**
   * Answers a pause.
   *
   * @param token what pausing gave
   * @param input the answer, a map or an object, kept with the pause; null: nothing
   * @return what was written, and which pause it was
   */
  public ResumeResult resume(String token, @Nullable Object input) {
    return resume(PauseRef.token(token), input, WriteOptions.NONE);
  }

  /**
   * Answers a pause; the execution runs again when no other is open.
   *
   * @param pause which
   * @param input the answer, a map or an object, kept with the pause; null: nothing
   * @param options how to write
   * @return what was written, and which pause it was
   * @throws dev.statekeeper.client.errors.InvalidTokenException where the token is unknown, spent,
   *     expired or of another execution
   * @throws dev.statekeeper.client.errors.StateNotFoundException where the execution does not exist
   * @throws dev.statekeeper.client.errors.SerializationException where a value cannot be sent
   * @throws dev.statekeeper.client.errors.StateTooLargeException where with the input it would be
   *     larger than 10 MiB
   */
  public ResumeResult resume(PauseRef pause, @Nullable Object input, WriteOptions options) {
    return connection.send(pauses.resume(pause, input, options));
  }

  /**
   * Looks a pause up; spends nothing.
   *
   * @param pause which; one of an id may be open or not
   * @return the pause, with what is known of its execution
   * @throws dev.statekeeper.client.errors.InvalidTokenException where the token is unknown, spent,
   *     expired or of another execution
   * @throws dev.statekeeper.client.errors.StateNotFoundException where the execution does not exist
   */
  public Pause getPause(PauseRef pause) {
    return connection.send(pauses.get(pause));
  }

  /**
   * Waits for the lock for 30 seconds, and holds it until it is closed.
   *
   * @return the lock, to be closed
   * @throws dev.statekeeper.client.errors.LockTimeoutException where it was not granted in time
   */
  public Lock lock() {
    return lock(LockOptions.NONE);
  }

  /**
   * Waits for the lock, and holds it until it is closed: its lease is renewed in the background.
   *
   * <p>The execution need not exist. Threads that share a handle exclude one another; a thread that
   * asks again while it holds the lock gets the same grant. The writes of the handle carry the
   * lock's fencing token, so that they are refused with {@code FencedException} if it is lost.
   *
   * @param options how to ask
   * @return the lock, to be closed
   * @throws dev.statekeeper.client.errors.LockTimeoutException where it was not granted in time
   * @throws dev.statekeeper.client.errors.InvalidRequestException where an option is of no use
   */
  public Lock lock(LockOptions options) {
    return tryLock(options).keepRenewed();
  }

  /**
   * Asks for the lock, and tells whether it was granted; the lease ends after its time.
   *
   * @param options how to ask
   * @return the lock, or the news that somebody else has it
   * @throws dev.statekeeper.client.errors.InvalidRequestException where an option is of no use
   */
  public Lock tryLock(LockOptions options) {
    return new Lock(connection, locks, connection.send(locks.lock(options)));
  }

  /**
   * Releases what this thread holds, or else the handle, however often it was asked for.
   *
   * @return whether it was held; false: nobody holds the lock
   * @throws dev.statekeeper.client.errors.FencedException where it was lost, and somebody else
   *     holds the lock
   * @throws dev.statekeeper.client.errors.LockedException where this handle holds nothing, and
   *     somebody else does
   */
  public boolean unlock() {
    return connection.send(locks.unlockAll());
  }

  /**
   * Tells whether anybody holds the lock.
   *
   * @return whether
   */
  public boolean isLocked() {
    return getLock().isPresent();
  }

  /**
   * Tells who holds the lock.
   *
   * @return empty: nobody
   */
  public Optional<LockHolder> getLock() {
    return connection.send(locks.get());
  }

  /**
   * Changes the state all or nothing, again and again until nobody else has changed it meanwhile.
   *
   * @param change changes the state in place
   * @return what was written; empty: nothing was changed
   */
  public Optional<WriteResult> transaction(Consumer<TransactionState> change) {
    return transaction(change, TransactionOptions.NONE);
  }

  /**
   * Changes the state all or nothing, again and again until nobody else has changed it meanwhile.
   *
   * <pre>{@code
   * sm.transaction(state -> state.memberOutputs().put("payment", Map.of("id", "ch_123")));
   * }</pre>
   *
   * <p>What was changed in the state, however deep inside, is written by one update; what was not
   * is not sent. A document that is absent shows as empty, and stays absent if it is left so. If
   * the function throws, nothing is written.
   *
   * @param change changes the state in place; called with the new state after each conflict
   * @param options for how long, and how to write
   * @return what was written; empty: nothing was changed
   * @throws dev.statekeeper.client.errors.StateNotFoundException where the execution does not exist
   * @throws dev.statekeeper.client.errors.ConflictException where somebody else wrote in between,
   *     until the timeout
   * @throws dev.statekeeper.client.errors.InvalidRequestException where a field is of no use
   * @throws dev.statekeeper.client.errors.SerializationException where a value cannot be sent
   * @throws dev.statekeeper.client.errors.StateTooLargeException where it would become larger than
   *     10 MiB
   */
  public Optional<WriteResult> transaction(
      Consumer<TransactionState> change, TransactionOptions options) {
    return transactions
        .run(
            loaded -> {
              TransactionState state = new TransactionState(loaded);
              change.accept(state);
              return state;
            },
            options)
        .result();
  }

  /**
   * Loads the state to be changed and committed once.
   *
   * @return the transaction, to be committed and closed
   */
  public Transaction begin() {
    return begin(TransactionOptions.NONE);
  }

  /**
   * Loads the state to be changed and committed once.
   *
   * @param options how to write
   * @return the transaction, to be committed and closed
   * @throws dev.statekeeper.client.errors.StateNotFoundException where the execution does not exist
   */
  public Transaction begin(TransactionOptions options) {
    return transactions.begin(options);
  }

  /**
   * Brings the stored state to a newer layout, all or nothing.
   *
   * @param migration from which to which, and how
   * @return the state as it is saved now
   */
  public ExecutionState migrate(Migration migration) {
    return migrate(migration, TransactionOptions.NONE);
  }

  /**
   * Brings the stored state to a newer layout, all or nothing.
   *
   * <p>The transformers are called again if somebody else wrote in between, and if one throws the
   * stored state stays as it was.
   *
   * @param migration from which to which, and how
   * @param options for how long, and how to write
   * @return the state as it is saved now
   * @throws dev.statekeeper.client.errors.StateNotFoundException where the execution does not exist
   * @throws dev.statekeeper.client.errors.ConflictException where somebody else wrote in between,
   *     until the timeout
   * @throws dev.statekeeper.client.errors.InvalidRequestException where the state has another
   *     version
   * @throws dev.statekeeper.client.errors.SerializationException where a value cannot be saved
   */
  public ExecutionState migrate(Migration migration, TransactionOptions options) {
    return transactions.run(migrating(migration), options).state();
  }

  /**
   * Tells what a migration would save, and saves nothing.
   *
   * @param migration from which to which, and how
   * @return the state as it would be saved
   */
  public ExecutionState migrateDryRun(Migration migration) {
    return transactions.dryRun(migrating(migration), WriteOptions.NONE);
  }

  private Function<ExecutionState, ExecutionState> migrating(Migration migration) {
    return loaded -> handle.execution().located(() -> migration.with(handle.codec()).apply(loaded));
  }

  /**
   * Tells what happens to the execution from now on.
   *
   * @return the watch, which stands
   */
  public Watch watch() {
    return watch(WatchOptions.NONE);
  }

  /**
   * Tells what happens to the execution, from now on or from an earlier place. It need not exist.
   *
   * @param options where to begin, and what to tell
   * @return the watch, which stands
   * @throws dev.statekeeper.client.errors.InvalidRequestException where an option is of no use
   * @throws dev.statekeeper.client.errors.RevisionCompactedException where what happened since is
   *     no longer kept
   */
  public Watch watch(WatchOptions options) {
    return Watch.begin(connection, Following.of(handle.execution(), options, handle.codec()), null);
  }

  /**
   * Waits until the execution has a status.
   *
   * <p>It need not exist yet. No state that it passes through is overlooked, but for those that are
   * history before anybody could look, while the server could not be reached for a long time.
   *
   * @param any statuses of which one will do
   * @param timeout for how long to wait; null: for ever
   * @return the state when it had the status
   * @throws dev.statekeeper.client.errors.WaitTimeoutException where it did not get it in time
   */
  public ExecutionState waitFor(Set<Status> any, @Nullable Duration timeout) {
    if (any.isEmpty()) {
      throw InvalidRequestException.of("status", "must not be empty");
    }
    String wanted = any.stream().sorted().map(Status::toString).collect(Collectors.joining(" or "));
    // The status alone costs the same for a state of any size.
    return new Waiting(connection, handle, wanted, timeout)
        .run(
            event -> any.contains(event.status()),
            state -> any.contains(state.status()),
            WatchOptions.Include.HEAD);
  }

  /**
   * Waits until the execution is as it should be.
   *
   * @param until told each state; whether it is the one
   * @param timeout for how long to wait; null: for ever
   * @return the state
   * @throws dev.statekeeper.client.errors.WaitTimeoutException where it did not become so in time
   */
  public ExecutionState waitFor(Predicate<ExecutionState> until, @Nullable Duration timeout) {
    return new Waiting(connection, handle, "what was waited for", timeout)
        .run(
            event -> event.state() != null || event.valuesMissing(),
            until,
            WatchOptions.Include.STATE);
  }

  /**
   * Defines the shared state.
   *
   * @param definition what it is to be
   * @return what was written
   */
  public DefineResult defineState(StateDefinition definition) {
    return defineState(definition, null, WriteOptions.NONE);
  }

  /**
   * Defines the shared state, or defines it anew; creates the execution if need be.
   *
   * <p>No value is lost by a new definition: what no longer fits is told, and stays. Initial values
   * are for keys that have none yet.
   *
   * @param definition what it is to be
   * @param input what templates lead into, a map or an object; null: nothing
   * @param options how to write
   * @return what was written
   * @throws dev.statekeeper.client.errors.InvalidRequestException where the definition is of no
   *     use, or an initial value leads to nothing in the input
   * @throws dev.statekeeper.client.errors.SchemaViolationException where an initial value does not
   *     fit its schema
   * @throws dev.statekeeper.client.errors.StateTooLargeException where it would become larger than
   *     10 MiB
   */
  public DefineResult defineState(
      StateDefinition definition, @Nullable Object input, WriteOptions options) {
    return connection.send(shared.define(definition, input, options));
  }

  /**
   * Gives what one member of the workflow sees and writes; talks to nobody.
   *
   * @param name the member
   * @return the member
   */
  public Member member(String name) {
    return handle.execution().located(() -> new Member(connection, shared, name));
  }

  /**
   * Tells which keys of the shared state nobody has accessed, and who has accessed the others.
   *
   * @return the report
   * @throws dev.statekeeper.client.errors.StateNotFoundException where the execution does not exist
   * @throws dev.statekeeper.client.errors.InvalidRequestException where it has no shared state
   */
  public AccessReport accessReport() {
    return connection.send(shared.report());
  }

  /**
   * Gives what {@link Client#batch} can do with the execution.
   *
   * @return what describes operations
   */
  public Operations operation() {
    return new Operations(connection, handle);
  }

  /**
   * Gives the calls that wait for nobody as futures.
   *
   * @return the same handle, for who has many calls under way
   */
  public AsyncStateManager async() {
    return new AsyncStateManager(connection, handle);
  }
}
