package dev.statekeeper.conformance;

import dev.statekeeper.client.Operation;
import dev.statekeeper.client.Operations;
import dev.statekeeper.client.WriteOptions;
import dev.statekeeper.client.model.Outcome;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Batches. */
final class Batches {
  private Batches() {}

  static Object batch(Session session, Command command) {
    List<Operation<?>> operations = new ArrayList<>();
    for (Command each : command.commands("operations")) {
      operations.add(operation(session.manager(each).operation(), each));
    }
    List<Object> told = new ArrayList<>();
    for (Outcome<Object> outcome : session.client(command).<Object>batch(operations)) {
      told.add(told(outcome));
    }
    return told;
  }

  private static Map<String, Object> told(Outcome<?> outcome) {
    if (outcome instanceof Outcome.Failed<?> failed) {
      return Map.of("error", Errors.of(failed.error()));
    }
    return Collections.singletonMap("result", Plain.of(outcome.orThrow()));
  }

  private static Operation<?> operation(Operations make, Command command) {
    WriteOptions options = Values.writeOptions(command);
    return switch (command.text("do")) {
      case "save" -> make.save(Values.fields(command.get("state")), options);
      case "load" -> make.load(States.loadOptions(command));
      case "update" -> make.update(States.changes(command), options);
      case "delete" -> make.delete(options);
      case "pause" -> make.pause(Pauses.options(command), options);
      case "resume" ->
          make.resume(Pauses.ref(command), Values.value(command.get("input")), options);
      case "checkpoint" -> make.checkpoint(command.text("name"), options);
      case "restore" ->
          command.has("revision")
              ? make.restore(command.number("revision"), options)
              : make.restore(command.text("name"), options);
      default -> throw new IllegalArgumentException("no operation: " + command.get("do"));
    };
  }
}
