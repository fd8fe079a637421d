package dev.statekeeper.client.internal.requests;

import dev.statekeeper.v1.Document;
import dev.statekeeper.v1.ExecutionState;
import dev.statekeeper.v1.UpdateRequest;
import dev.statekeeper.v1.Value;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Predicate;

/** The update that brings a state from what it was to what it has become. */
public final class Commit {
  // An update can remove 10,000 fields; a document that loses more entries than this is replaced.
  private static final int REMOVED_MAX = 2_000;

  /** A document of a state, as protobuf has it. */
  private record Part(
      String name,
      Predicate<ExecutionState> isThere,
      Function<ExecutionState, Document> get,
      BiConsumer<ExecutionState.Builder, Document> set) {}

  private static final List<Part> PARTS =
      List.of(
          new Part(
              "input",
              ExecutionState::hasInput,
              ExecutionState::getInput,
              ExecutionState.Builder::setInput),
          new Part(
              "context",
              ExecutionState::hasContext,
              ExecutionState::getContext,
              ExecutionState.Builder::setContext),
          new Part(
              "member_outputs",
              ExecutionState::hasMemberOutputs,
              ExecutionState::getMemberOutputs,
              ExecutionState.Builder::setMemberOutputs),
          new Part(
              "metadata",
              ExecutionState::hasMetadata,
              ExecutionState::getMetadata,
              ExecutionState.Builder::setMetadata));

  private final UpdateRequest.Builder request = UpdateRequest.newBuilder();
  private final ExecutionState.Builder changes = ExecutionState.newBuilder();
  private final ExecutionState before;
  private final ExecutionState after;
  private final boolean keepsAbsent;
  private boolean changed;

  private Commit(ExecutionState before, ExecutionState after, boolean keepsAbsent) {
    this.before = before;
    this.after = after;
    this.keepsAbsent = keepsAbsent;
  }

  /**
   * Gives what was changed, without the key and the options; empty: nothing was.
   *
   * @param before what the state was
   * @param after what it has become, both as this client writes them
   * @param keepsAbsent whether an empty document that was absent still is
   */
  public static Optional<UpdateRequest.Builder> of(
      ExecutionState before, ExecutionState after, boolean keepsAbsent) {
    Commit commit = new Commit(before, after, keepsAbsent);
    commit.compareFields();
    PARTS.forEach(commit::compare);
    commit.compareLabels();
    if (!commit.changed) {
      return Optional.empty();
    }
    return Optional.of(commit.request.setChanges(commit.changes));
  }

  private void compareFields() {
    if (after.getStatus() != before.getStatus()) {
      changes.setStatus(after.getStatus());
      changed = true;
    }
    if (!after.getStartTime().equals(before.getStartTime())) {
      changes.setStartTime(after.getStartTime());
      changed = true;
    }
    if (!after.hasCurrentMember() && before.hasCurrentMember()) {
      remove("current_member");
    } else if (differ(ExecutionState::hasCurrentMember, ExecutionState::getCurrentMember)) {
      changes.setCurrentMember(after.getCurrentMember());
      changed = true;
    }
    if (!after.hasSchemaVersion() && before.hasSchemaVersion()) {
      remove("schema_version");
    } else if (differ(ExecutionState::hasSchemaVersion, ExecutionState::getSchemaVersion)) {
      changes.setSchemaVersion(after.getSchemaVersion());
      changed = true;
    }
  }

  private boolean differ(Predicate<ExecutionState> isThere, Function<ExecutionState, String> get) {
    return isThere.test(after)
        && !(isThere.test(before) && get.apply(before).equals(get.apply(after)));
  }

  private void compare(Part part) {
    boolean was = part.isThere().test(before);
    Map<String, Value> next = part.get().apply(after).getEntriesMap();
    if (!part.isThere().test(after) || (keepsAbsent && !was && next.isEmpty())) {
      if (was) {
        remove(part.name());
      }
      return;
    }
    Map<String, Value> old = part.get().apply(before).getEntriesMap();
    List<String> gone = old.keySet().stream().filter(key -> !next.containsKey(key)).toList();
    boolean replaced = gone.size() > Math.min(next.size(), REMOVED_MAX);
    if (replaced || !was) {
      part.set().accept(changes, part.get().apply(after));
      changed = true;
      if (replaced) {
        request.addReplace(part.name());
      }
      return;
    }
    gone.forEach(key -> remove(part.name() + "." + key));
    Document.Builder differing = Document.newBuilder();
    next.forEach(
        (key, value) -> {
          if (!value.equals(old.get(key))) {
            differing.putEntries(key, value);
          }
        });
    if (differing.getEntriesCount() > 0) {
      part.set().accept(changes, differing.build());
      changed = true;
    }
  }

  private void compareLabels() {
    Map<String, String> old = before.getLabelsMap();
    Map<String, String> next = after.getLabelsMap();
    old.keySet().stream()
        .filter(key -> !next.containsKey(key))
        .forEach(key -> remove("labels." + key));
    next.forEach(
        (key, label) -> {
          if (!label.equals(old.get(key))) {
            changes.putLabels(key, label);
            changed = true;
          }
        });
  }

  private void remove(String path) {
    request.addRemove(path);
    changed = true;
  }
}
