package dev.statekeeper.client;

import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.client.model.Outcome;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What became of each operation of a batch, in their order.
 *
 * @param <R> what they give
 * @param outcomes a result for each, or an error
 */
public record BatchResults<R extends @Nullable Object>(List<Outcome<R>> outcomes)
    implements Iterable<Outcome<R>> {

  @Override
  public Iterator<Outcome<R>> iterator() {
    return outcomes.iterator();
  }

  /**
   * The errors by the positions of their operations.
   *
   * @return empty: all succeeded
   */
  public Map<Integer, StateException> errors() {
    Map<Integer, StateException> errors = new TreeMap<>();
    for (int at = 0; at < outcomes.size(); at++) {
      if (outcomes.get(at) instanceof Outcome.Failed<R> failed) {
        errors.put(at, failed.error());
      }
    }
    return errors;
  }

  /**
   * Gives the results.
   *
   * @return a result for each operation
   * @throws StateException where one did not succeed: the first error
   */
  public List<R> orThrow() {
    return outcomes.stream().map(Outcome::orThrow).toList();
  }
}
