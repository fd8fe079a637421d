package dev.statekeeper.client;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a shared state, their schemas and initial values, and what its members may do.
 *
 * <pre>{@code
 * new StateDefinition()
 *     .schema("company", Map.of("name", "string"))
 *     .schema("analysis", "object")
 *     .initial("company", Map.of("name", "${input.name}"))
 *     .member("analyze", List.of("company"), List.of("analysis"))
 * }</pre>
 *
 * <p>A key is declared by a schema or by an initial value. The server checks the whole of it.
 */
public final class StateDefinition {
  private final Map<String, Object> schemas = new LinkedHashMap<>();
  private final Map<String, @Nullable Object> initial = new LinkedHashMap<>();
  private final Map<String, Access> members = new LinkedHashMap<>();

  /**
   * The keys that a member declares.
   *
   * @param use it sees these
   * @param set it may write these
   */
  public record Access(List<String> use, List<String> set) {}

  /** Makes one without any key. */
  public StateDefinition() {}

  /**
   * Declares a key.
   *
   * @param key the key
   * @param schema a type ({@code "object"}) or a JSON Schema (2020-12), in which types may stand
   *     for schemas too
   * @return this
   */
  public StateDefinition schema(String key, Object schema) {
    schemas.put(key, schema);
    return this;
  }

  /**
   * Gives a key the value to begin with.
   *
   * @param key the key
   * @param value the value; in texts <code>${input.path}</code> is filled in. null is allowed under
   *     any schema, until something else is written.
   * @return this
   */
  public StateDefinition initial(String key, @Nullable Object value) {
    initial.put(key, value);
    return this;
  }

  /**
   * Says what a member may do. One that is not named sees nothing and may write nothing.
   *
   * @param name the member
   * @param use the keys that it sees
   * @param set the keys that it may write
   * @return this
   */
  public StateDefinition member(String name, Collection<String> use, Collection<String> set) {
    members.put(name, new Access(List.copyOf(use), List.copyOf(set)));
    return this;
  }

  /**
   * The schemas by key.
   *
   * @return an unmodifiable view
   */
  public Map<String, Object> schemas() {
    return Collections.unmodifiableMap(schemas);
  }

  /**
   * The initial values by key.
   *
   * @return an unmodifiable view
   */
  public Map<String, @Nullable Object> initialValues() {
    return Collections.unmodifiableMap(initial);
  }

  /**
   * What each member may do, by its name.
   *
   * @return an unmodifiable view
   */
  public Map<String, Access> members() {
    return Collections.unmodifiableMap(members);
  }
}
