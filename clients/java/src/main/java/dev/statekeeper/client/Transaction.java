package dev.statekeeper.client;

import dev.statekeeper.client.internal.calls.Draft;
import dev.statekeeper.client.internal.calls.TransactionCalls;
import dev.statekeeper.client.internal.wire.Connection;
import dev.statekeeper.client.model.TransactionState;
import dev.statekeeper.client.model.WriteResult;
import java.util.Optional;

/**
 * A state that is changed, and committed only if nobody else has changed it.
 *
 * <pre>{@code
 * try (Transaction transaction = sm.begin()) {
 *   transaction.state().memberOutputs().put("payment", Map.of("id", "ch_123"));
 *   transaction.commit();
 * }
 * }</pre>
 *
 * <p>Nothing is written before {@link #commit}, so whoever leaves the block without it has changed
 * nothing. Where others write to the execution as well, {@link StateManager#transaction} does it
 * again by itself.
 */
public final class Transaction implements AutoCloseable {
  private final Connection connection;
  private final TransactionCalls calls;
  private final WriteOptions options;
  private final Draft draft;
  private final TransactionState state;
  private boolean ended;

  Transaction(Connection connection, TransactionCalls calls, WriteOptions options) {
    this.connection = connection;
    this.calls = calls;
    this.options = options;
    this.draft = connection.send(calls.begin(options));
    this.state = new TransactionState(draft.loaded());
  }

  /**
   * The state, to be changed.
   *
   * @return always the same one
   */
  public TransactionState state() {
    return state;
  }

  /**
   * Writes what was changed, by one update.
   *
   * @return what was written; empty: nothing was changed
   * @throws dev.statekeeper.client.errors.ConflictException where somebody else wrote in between
   * @throws dev.statekeeper.client.errors.InvalidRequestException where a field is of no use
   * @throws dev.statekeeper.client.errors.SerializationException where a value cannot be sent
   * @throws dev.statekeeper.client.errors.StateTooLargeException where it would become larger than
   *     10 MiB
   * @throws IllegalStateException where it was committed or closed before
   */
  public Optional<WriteResult> commit() {
    if (ended) {
      throw new IllegalStateException("this transaction has ended");
    }
    ended = true;
    return calls.commit(draft, state, options).map(connection::send);
  }

  /** Ends it; what was not committed is forgotten. */
  @Override
  public void close() {
    ended = true;
  }
}
