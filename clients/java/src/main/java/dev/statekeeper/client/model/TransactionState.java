package dev.statekeeper.client.model;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A state that is changed in place, and committed by what was changed.
 *
 * <p>All documents can be written to: one that is absent shows as empty, and stays absent if it is
 * left so.
 */
public final class TransactionState extends ExecutionState {
  /**
   * Makes one of a state that was loaded; they share the values.
   *
   * @param loaded the state
   */
  public TransactionState(ExecutionState loaded) {
    super(loaded);
  }

  @Override
  public Map<String, @Nullable Object> input() {
    return document(Document.INPUT);
  }

  @Override
  public Map<String, @Nullable Object> context() {
    return document(Document.CONTEXT);
  }

  @Override
  public Map<String, @Nullable Object> memberOutputs() {
    return document(Document.MEMBER_OUTPUTS);
  }

  @Override
  public Map<String, @Nullable Object> metadata() {
    return document(Document.METADATA);
  }

  @Override
  public Map<String, @Nullable Object> document(Document which) {
    Map<String, @Nullable Object> entries = super.document(which);
    if (entries == null) {
      entries = new LinkedHashMap<>();
      setDocument(which, entries);
    }
    return entries;
  }

  /**
   * Tells whether a document is absent, which looking at it would not.
   *
   * @param which which
   * @return whether it is absent, or an empty one that only shows because it was looked at
   */
  public boolean isAbsent(Document which) {
    return super.document(which) == null;
  }
}
