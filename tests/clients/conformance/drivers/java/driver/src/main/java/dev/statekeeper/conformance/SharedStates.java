package dev.statekeeper.conformance;

import dev.statekeeper.client.OnUndeclared;
import dev.statekeeper.client.StateDefinition;
import java.util.List;
import java.util.Map;

/** The shared state: defined, seen and written by members, reported on. */
final class SharedStates {
  private SharedStates() {}

  static Object define(Session session, Command command) {
    StateDefinition definition = new StateDefinition();
    if (command.has("schema")) {
      Values.map(command.get("schema")).forEach(definition::schema);
    }
    if (command.has("initial")) {
      Values.map(command.get("initial"))
          .forEach((key, each) -> definition.initial(key, Values.value(each)));
    }
    if (command.has("members")) {
      Values.map(command.get("members"))
          .forEach(
              (name, access) -> {
                Command declared = Command.of(access);
                definition.member(name, declared.texts("use"), declared.texts("set"));
              });
    }
    return session
        .manager(command)
        .defineState(definition, Values.value(command.get("input")), Values.writeOptions(command));
  }

  static Object member(Session session, Command command) {
    String name = command.text("member");
    session.members.put(name, session.manager(command).member(name));
    return null;
  }

  static Object state(Session session, Command command) {
    return session.members.get(command.text("member")).state();
  }

  static Object set(Session session, Command command) {
    OnUndeclared onUndeclared =
        command.maybeText("on_undeclared").map(OnUndeclared::of).orElse(OnUndeclared.REJECT);
    return session
        .members
        .get(command.text("member"))
        .setState(Values.value(command.get("updates")), onUndeclared, Values.writeOptions(command));
  }

  static Object report(Session session, Command command) {
    return session.manager(command).accessReport();
  }

  static Object mutate(Session session, Command command) {
    Object place = session.members.get(command.text("member")).state();
    List<Object> path = command.list("path");
    for (Object key : path.subList(0, path.size() - 1)) {
      place = step(place, key);
    }
    try {
      put(place, path.get(path.size() - 1), command.get("value"));
    } catch (UnsupportedOperationException refused) {
      return Map.of("refused", true);
    }
    return Map.of("refused", false);
  }

  private static Object step(Object place, Object key) {
    return key instanceof Integer index
        ? Values.list(place).get(index)
        : Values.map(place).get((String) key);
  }

  private static void put(Object place, Object key, Object value) {
    if (key instanceof Integer index) {
      Values.list(place).set(index, value);
    } else {
      Values.map(place).put((String) key, value);
    }
  }
}
