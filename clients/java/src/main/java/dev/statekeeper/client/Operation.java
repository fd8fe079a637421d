package dev.statekeeper.client;

import dev.statekeeper.client.errors.ErrorFacts;
import dev.statekeeper.client.errors.FieldViolation;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.errors.SerializationException;
import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.client.internal.wire.Call;
import dev.statekeeper.client.internal.wire.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Something to do with one execution, for {@link Client#batch}; made by {@link
 * StateManager#operation()}.
 *
 * <p>Nothing is done with it, and its arguments are not looked at, until a batch is sent. Sent
 * again, it is done again.
 *
 * @param <R> what it gives
 */
public final class Operation<R extends @Nullable Object> {
  private final Connection connection;
  private final Supplier<? extends Call<?, ? extends R>> make;

  Operation(Connection connection, Supplier<? extends Call<?, ? extends R>> make) {
    this.connection = connection;
    this.make = make;
  }

  /** Makes the calls of a batch, all of them or none. */
  static <R extends @Nullable Object> List<Call<?, ? extends R>> toCalls(
      List<? extends Operation<? extends R>> operations, Connection connection) {
    List<Call<?, ? extends R>> calls = new ArrayList<>();
    try {
      for (int at = 0; at < operations.size(); at++) {
        calls.add(toCall(operations.get(at), "operations[" + at + "]", connection));
      }
    } catch (RuntimeException error) {
      calls.forEach(call -> call.giveUp().accept(error));
      throw error;
    }
    return calls;
  }

  private static <R extends @Nullable Object> Call<?, ? extends R> toCall(
      Operation<? extends R> operation, String place, Connection connection) {
    if (operation.connection != connection) {
      throw InvalidRequestException.of(place, "is of a handle of another client");
    }
    try {
      return operation.make.get();
    } catch (InvalidRequestException error) {
      throw new InvalidRequestException(
          facts(error, place),
          error.violations().stream()
              .map(each -> new FieldViolation(place + "." + each.field(), each.problem()))
              .toList());
    } catch (SerializationException error) {
      throw new SerializationException(
          facts(error, place).with("path", place + "." + error.path()));
    }
  }

  private static ErrorFacts facts(StateException error, String place) {
    return new ErrorFacts(
        place + "." + error.getMessage(), error.namespace(), error.executionId(), error.metadata());
  }
}
