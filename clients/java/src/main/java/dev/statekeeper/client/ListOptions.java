package dev.statekeeper.client;

import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.client.model.Status;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which executions to list. What is said must all be true of an execution.
 *
 * @param namespace whose
 * @param statuses their status is one of these; empty: any
 * @param labels labels that they have, with these values; empty: any
 * @param idPrefix what their ids begin with
 * @param updatedAfter they were last written after this moment, and come in any order; null:
 *     whenever
 * @param fields reads only these of each, as in {@link LoadOptions}; the states are partial then.
 *     Empty: all.
 * @param pageSize how many are fetched at a time, 1 to 1,000
 */
public record ListOptions(
    String namespace,
    Set<Status> statuses,
    Map<String, String> labels,
    String idPrefix,
    @Nullable Instant updatedAfter,
    List<String> fields,
    int pageSize) {

  private static final int PAGE_SIZE = 100;

  /** All of the default namespace. */
  public static final ListOptions NONE =
      new ListOptions(
          ExecutionRef.NAMESPACE_DEFAULT, Set.of(), Map.of(), "", null, List.of(), PAGE_SIZE);

  /**
   * Lists a namespace.
   *
   * @param name the namespace
   * @return the options
   */
  public static ListOptions in(String name) {
    return NONE.withNamespace(name);
  }

  /**
   * Lists another namespace.
   *
   * @param name the namespace
   * @return a copy
   */
  public ListOptions withNamespace(String name) {
    return new ListOptions(name, statuses, labels, idPrefix, updatedAfter, fields, pageSize);
  }

  /**
   * Asks for those of some statuses.
   *
   * @param any one of which it is
   * @return a copy
   */
  public ListOptions withStatuses(Status... any) {
    return new ListOptions(
        namespace, Set.of(any), labels, idPrefix, updatedAfter, fields, pageSize);
  }

  /**
   * Asks for those with labels.
   *
   * @param all the labels and their values
   * @return a copy
   */
  public ListOptions withLabels(Map<String, String> all) {
    return new ListOptions(
        namespace, statuses, Map.copyOf(all), idPrefix, updatedAfter, fields, pageSize);
  }

  /**
   * Asks for those whose ids begin alike.
   *
   * @param prefix what they begin with
   * @return a copy
   */
  public ListOptions withIdPrefix(String prefix) {
    return new ListOptions(namespace, statuses, labels, prefix, updatedAfter, fields, pageSize);
  }

  /**
   * Asks for those that were written lately.
   *
   * @param time after which
   * @return a copy
   */
  public ListOptions withUpdatedAfter(Instant time) {
    return new ListOptions(namespace, statuses, labels, idPrefix, time, fields, pageSize);
  }

  /**
   * Asks for some fields alone.
   *
   * @param names the fields
   * @return a copy
   */
  public ListOptions withFields(String... names) {
    return new ListOptions(
        namespace, statuses, labels, idPrefix, updatedAfter, List.of(names), pageSize);
  }

  /**
   * Sets how many are fetched at a time.
   *
   * @param size 1 to 1,000
   * @return a copy
   */
  public ListOptions withPageSize(int size) {
    return new ListOptions(namespace, statuses, labels, idPrefix, updatedAfter, fields, size);
  }
}
