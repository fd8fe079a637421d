package dev.statekeeper.conformance;

import dev.statekeeper.client.errors.FieldViolation;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.errors.StateException;
import java.lang.reflect.InvocationTargetException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Errors as the runner reads them. */
final class Errors {
  // What an error's class tells by methods of its own, by the names that the runner knows.
  private static final Map<String, String> FACTS =
      Map.ofEntries(
          Map.entry("expected", "expected"),
          Map.entry("current", "current"),
          Map.entry("checkpoint", "checkpoint"),
          Map.entry("owner", "owner"),
          Map.entry("path", "path"),
          Map.entry("size", "size"),
          Map.entry("limit", "limit"),
          Map.entry("key", "key"),
          Map.entry("rule", "rule"),
          Map.entry("member", "member"),
          Map.entry("oldest_revision", "oldestRevision"));

  private Errors() {}

  static Map<String, Object> of(StateException error) {
    Map<String, Object> details = new LinkedHashMap<>();
    FACTS.forEach(
        (name, method) -> {
          try {
            details.put(name, error.getClass().getMethod(method).invoke(error));
          } catch (NoSuchMethodException toldByOthers) {
            return;
          } catch (IllegalAccessException | InvocationTargetException impossible) {
            throw new IllegalStateException(impossible);
          }
        });
    if (error instanceof InvalidRequestException invalid) {
      List<String> fields = invalid.violations().stream().map(FieldViolation::field).toList();
      details.put("fields", fields);
    }
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("code", error.code());
    told.put("message", String.valueOf(error.getMessage()));
    told.put("execution_id", error.executionId());
    told.put("namespace", error.namespace());
    told.put("details", details);
    return told;
  }

  static Map<String, Object> of(RaisedException error) {
    return Map.of("code", "RAISED", "message", error.getMessage());
  }
}
