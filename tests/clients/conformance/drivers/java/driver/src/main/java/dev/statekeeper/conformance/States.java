package dev.statekeeper.conformance;

import dev.statekeeper.client.ListOptions;
import dev.statekeeper.client.LoadOptions;
import dev.statekeeper.client.StateManager;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.StateFields;
import dev.statekeeper.client.model.Status;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** States: saved, loaded, updated, deleted, listed. */
final class States {
  private States() {}

  static Object save(Session session, Command command) {
    return session
        .manager(command)
        .save(Values.fields(command.get("state")), Values.writeOptions(command));
  }

  static Object saveLoaded(Session session, Command command) {
    ExecutionState state = session.states.get(command.text("state"));
    if (command.has("set")) {
      Values.map(command.get("set")).forEach((name, to) -> Edits.set(state, name, to));
    }
    return session.manager(command).save(state, Values.writeOptions(command));
  }

  static Object load(Session session, Command command) {
    StateManager manager = session.manager(command);
    LoadOptions options = loadOptions(command);
    Optional<ExecutionState> state =
        options.equals(LoadOptions.NONE) ? manager.load() : manager.load(options);
    if (state.isPresent() && command.has("keep")) {
      session.states.put(command.text("keep"), state.get());
    }
    return state;
  }

  static LoadOptions loadOptions(Command command) {
    return new LoadOptions(
        command.maybeNumber("revision").orElse(null),
        command.text("checkpoint"),
        command.texts("fields"));
  }

  static Object update(Session session, Command command) {
    return session.manager(command).update(changes(command), Values.writeOptions(command));
  }

  static StateFields changes(Command command) {
    return Values.fields(command.get("changes"))
        .replace(command.texts("replace"))
        .remove(command.texts("remove"));
  }

  static Object delete(Session session, Command command) {
    return session.manager(command).delete(Values.writeOptions(command));
  }

  static Object listRevisions(Session session, Command command) {
    StateManager manager = session.manager(command);
    return command.has("page_size")
        ? manager.listRevisions((int) command.number("page_size"))
        : manager.listRevisions();
  }

  static Object list(Session session, Command command) {
    ListOptions options = ListOptions.NONE;
    if (command.has("namespace")) {
      options = options.withNamespace(command.text("namespace"));
    }
    if (command.has("status")) {
      options =
          options.withStatuses(
              command.texts("status").stream().map(Status::of).toArray(Status[]::new));
    }
    if (command.has("labels")) {
      Map<String, String> labels = new LinkedHashMap<>();
      Values.map(command.get("labels")).forEach((key, each) -> labels.put(key, (String) each));
      options = options.withLabels(labels);
    }
    if (command.has("id_prefix")) {
      options = options.withIdPrefix(command.text("id_prefix"));
    }
    if (command.has("updated_after")) {
      options = options.withUpdatedAfter(command.instant("updated_after").orElseThrow());
    }
    if (command.has("fields")) {
      options = options.withFields(command.texts("fields").toArray(String[]::new));
    }
    if (command.has("page_size")) {
      options = options.withPageSize((int) command.number("page_size"));
    }
    return session.client(command).list(options);
  }
}
