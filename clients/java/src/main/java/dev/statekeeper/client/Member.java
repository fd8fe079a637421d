package dev.statekeeper.client;

import dev.statekeeper.client.internal.calls.SharedStateCalls;
import dev.statekeeper.client.internal.requests.Arguments;
import dev.statekeeper.client.internal.wire.Connection;
import dev.statekeeper.client.model.StateWriteResult;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What one member sees of the shared state of an execution, and what it writes.
 *
 * <p>Made by {@link StateManager#member}. Make one for each run of the member.
 */
public final class Member {
  private final Connection connection;
  private final SharedStateCalls calls;
  private final String name;
  private final AtomicReference<@Nullable Map<String, @Nullable Object>> view =
      new AtomicReference<>();

  Member(Connection connection, SharedStateCalls calls, String name) {
    this.connection = connection;
    this.calls = calls;
    this.name = Arguments.name("member", name);
  }

  /**
   * The member's name.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * The keys that it uses and that have a value.
   *
   * <p>They cannot be changed, at any depth. They are read at the first look, which is logged, and
   * stay what they were then.
   *
   * @return an unmodifiable map
   * @throws dev.statekeeper.client.errors.StateNotFoundException where the execution does not exist
   * @throws dev.statekeeper.client.errors.InvalidRequestException where it has no shared state
   */
  public Map<String, @Nullable Object> state() {
    Map<String, @Nullable Object> seen = view.get();
    if (seen == null) {
      Map<String, @Nullable Object> read = connection.send(calls.read(name));
      // Another thread may have read it meanwhile: what was seen first stays.
      seen = view.compareAndSet(null, read) ? read : view.get();
    }
    return seen == null ? Map.of() : seen;
  }

  /**
   * Writes values, all or none; its own view does not change.
   *
   * @param updates values by key, a map or an object
   * @return what was written
   */
  public StateWriteResult setState(Object updates) {
    return setState(updates, OnUndeclared.REJECT, WriteOptions.NONE);
  }

  /**
   * Writes values, all or none; its own view does not change.
   *
   * @param updates values by key, a map or an object
   * @param onUndeclared what becomes of keys that it may not set
   * @param options how to write
   * @return what was written
   * @throws dev.statekeeper.client.errors.StateAccessDeniedException where it may not set a key
   * @throws dev.statekeeper.client.errors.SchemaViolationException where a value does not fit
   * @throws dev.statekeeper.client.errors.StateNotFoundException where the execution does not exist
   * @throws dev.statekeeper.client.errors.InvalidRequestException where it has no shared state
   * @throws dev.statekeeper.client.errors.SerializationException where a value cannot be sent
   * @throws dev.statekeeper.client.errors.StateTooLargeException where it would become larger than
   *     10 MiB
   */
  public StateWriteResult setState(
      Object updates, OnUndeclared onUndeclared, WriteOptions options) {
    return connection.send(calls.write(name, updates, onUndeclared, options));
  }
}
