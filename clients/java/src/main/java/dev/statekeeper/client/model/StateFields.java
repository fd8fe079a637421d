package dev.statekeeper.client.model;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Fields of a state: the whole of it for a save, or what an update is to change.
 *
 * <pre>{@code
 * new StateFields().status(Status.RUNNING).context(Map.of("userId", "user_123"))
 * }</pre>
 *
 * <p>A document is a {@link Map}, or an object of the caller's own (a record, say) that the
 * client's {@link com.fasterxml.jackson.databind.ObjectMapper} writes as a JSON object. What it
 * holds is looked at when it is sent. In a save, a field that is not set, or null, will be absent.
 * In an update, one that is not set stays as it is, and null removes it; documents and labels are
 * merged by their keys, unless they are to {@link #replace} the stored ones.
 */
public final class StateFields {
  private static final String STATUS = "status";
  private static final String LABELS = "labels";
  private static final String START_TIME = "start_time";

  private final Map<String, @Nullable Object> fields = new LinkedHashMap<>();
  private final List<String> replaced = new ArrayList<>();
  private final List<String> removed = new ArrayList<>();

  /** Makes one without any field. */
  public StateFields() {}

  /**
   * Makes one of fields by their names: {@code status}, {@code member_outputs}, {@code start_time}.
   *
   * @param fields a {@link Status} or its name, documents, texts, an {@link Instant}, labels
   * @return the fields; that there are such fields, and what they are, is checked when they are
   *     sent
   */
  public static StateFields of(Map<String, ? extends @Nullable Object> fields) {
    StateFields made = new StateFields();
    made.fields.putAll(fields);
    return made;
  }

  /**
   * Sets where the execution stands; a save requires it.
   *
   * @param status the status
   * @return this
   */
  public StateFields status(Status status) {
    return set(STATUS, status);
  }

  /**
   * Says whose state it is, which may be left out.
   *
   * @param id the execution's id
   * @return this
   */
  public StateFields id(String id) {
    return set("id", id);
  }

  /**
   * Sets what the execution was started with.
   *
   * @param document a map or an object; null: absent
   * @return this
   */
  public StateFields input(@Nullable Object document) {
    return set("input", document);
  }

  /**
   * Sets what the execution carries along.
   *
   * @param document a map or an object; null: absent
   * @return this
   */
  public StateFields context(@Nullable Object document) {
    return set("context", document);
  }

  /**
   * Sets what each member gave back, by the member's name.
   *
   * @param document a map or an object; null: absent
   * @return this
   */
  public StateFields memberOutputs(@Nullable Object document) {
    return set("member_outputs", document);
  }

  /**
   * Sets what others want to know about it.
   *
   * @param document a map or an object; null: absent
   * @return this
   */
  public StateFields metadata(@Nullable Object document) {
    return set("metadata", document);
  }

  /**
   * Sets the member at work.
   *
   * @param member the member; null: absent
   * @return this
   */
  public StateFields currentMember(@Nullable String member) {
    return set("current_member", member);
  }

  /**
   * Sets when the execution began.
   *
   * @param time the time; null in a save: keep the stored one, or take now
   * @return this
   */
  public StateFields startTime(@Nullable Instant time) {
    return set(START_TIME, time);
  }

  /**
   * Sets labels for finding the execution.
   *
   * @param labels the labels; null: none
   * @return this
   */
  public StateFields labels(@Nullable Map<String, String> labels) {
    return set(LABELS, labels);
  }

  /**
   * Sets the version of the caller's own layout.
   *
   * @param version the version; null: absent
   * @return this
   */
  public StateFields schemaVersion(@Nullable String version) {
    return set("schema_version", version);
  }

  /**
   * For an update: names documents (or {@code labels}) among these fields that replace the stored
   * ones whole instead of being merged with them.
   *
   * @param names their names: {@code context}
   * @return this
   */
  public StateFields replace(String... names) {
    return replace(List.of(names));
  }

  /**
   * The same for several.
   *
   * @param names their names
   * @return this
   */
  public StateFields replace(Collection<String> names) {
    replaced.addAll(names);
    return this;
  }

  /**
   * For an update: names what to remove, an entry ({@code context.userId}), a label ({@code
   * labels.team}), a document, {@code current_member} or {@code schema_version}.
   *
   * @param paths what to remove
   * @return this
   */
  public StateFields remove(String... paths) {
    return remove(List.of(paths));
  }

  /**
   * The same for several.
   *
   * @param paths what to remove
   * @return this
   */
  public StateFields remove(Collection<String> paths) {
    removed.addAll(paths);
    return this;
  }

  /**
   * The fields that are set, by their names.
   *
   * @return an unmodifiable view
   */
  public Map<String, @Nullable Object> asMap() {
    return Collections.unmodifiableMap(fields);
  }

  /**
   * What replaces the stored ones whole.
   *
   * @return an unmodifiable view
   */
  public List<String> replaced() {
    return Collections.unmodifiableList(replaced);
  }

  /**
   * What is to be removed.
   *
   * @return an unmodifiable view
   */
  public List<String> removed() {
    return Collections.unmodifiableList(removed);
  }

  @Override
  public String toString() {
    return "StateFields" + fields;
  }

  private StateFields set(String name, @Nullable Object value) {
    fields.put(name, value);
    return this;
  }
}
