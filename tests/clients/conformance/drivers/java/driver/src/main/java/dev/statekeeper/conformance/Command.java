package dev.statekeeper.conformance;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One command: its fields by name, as they were read. */
record Command(Map<String, Object> fields) {
  static Command of(Object fields) {
    return new Command(Values.map(fields));
  }

  boolean has(String name) {
    return fields.get(name) != null;
  }

  Object get(String name) {
    return fields.get(name);
  }

  String text(String name) {
    return (String) fields.get(name);
  }

  Optional<String> maybeText(String name) {
    return Optional.ofNullable(text(name));
  }

  long number(String name) {
    return ((Number) fields.get(name)).longValue();
  }

  Optional<Long> maybeNumber(String name) {
    return has(name) ? Optional.of(number(name)) : Optional.empty();
  }

  boolean flag(String name) {
    return Boolean.TRUE.equals(fields.get(name));
  }

  Optional<Duration> span(String name) {
    return Optional.ofNullable(fields.get(name)).map(Values::span);
  }

  Optional<Instant> instant(String name) {
    return maybeText(name).map(Values::instant);
  }

  List<Object> list(String name) {
    return has(name) ? Values.list(fields.get(name)) : List.of();
  }

  /** A list of texts, or one text alone. */
  List<String> texts(String name) {
    if (fields.get(name) instanceof String one) {
      return List.of(one);
    }
    return list(name).stream().map(String.class::cast).toList();
  }

  List<Command> commands(String name) {
    return list(name).stream().map(Command::of).toList();
  }
}
