package dev.statekeeper.client.model;

import dev.statekeeper.client.errors.StateException;
import org.jspecify.annotations.Nullable;

/**
 * What became of one operation of a batch.
 *
 * @param <R> what it gives
 */
public sealed interface Outcome<R extends @Nullable Object> {
  /**
   * It was done.
   *
   * @param <R> what it gives
   * @param result what it gave
   */
  record Done<R extends @Nullable Object>(R result) implements Outcome<R> {}

  /**
   * It did not succeed.
   *
   * @param <R> what it would have given
   * @param error why
   */
  record Failed<R extends @Nullable Object>(StateException error) implements Outcome<R> {}

  /**
   * Gives what it gave.
   *
   * @return the result
   * @throws StateException where it did not succeed: its error
   */
  default R orThrow() {
    if (this instanceof Failed<R> failed) {
      throw failed.error();
    }
    return ((Done<R>) this).result();
  }

  /**
   * Whether it was done.
   *
   * @return whether it has a result
   */
  default boolean isDone() {
    return this instanceof Done<R>;
  }
}
