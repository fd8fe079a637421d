package dev.statekeeper.conformance;

import dev.statekeeper.client.model.Document;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.Status;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Edits: what a scenario has done to a state, inside of a transaction or a migration. */
final class Edits {
  private Edits() {}

  static void apply(Command edit, ExecutionState state) {
    if (edit.has("raise")) {
      throw new RaisedException(edit.text("raise"));
    }
    if (edit.has("set")) {
      set(state, edit.text("set"), edit.get("to"));
    } else if (edit.has("add")) {
      String[] path = edit.text("add").split("\\.", 2);
      place(state, path[0]).merge(path[1], edit.get("by"), Edits::sum);
    } else {
      remove(state, edit.text("remove"));
    }
  }

  /** Sets a field, or an entry of a document. */
  static void set(ExecutionState state, String path, Object to) {
    String[] parts = path.split("\\.", 2);
    if (parts.length == 2) {
      if (parts[0].equals("labels")) {
        state.labels().put(parts[1], (String) to);
      } else {
        place(state, parts[0]).put(parts[1], Values.value(to));
      }
      return;
    }
    switch (path) {
      case "status" -> state.setStatus(Status.of((String) to));
      case "id" -> state.setId((String) to);
      case "current_member" -> state.setCurrentMember((String) to);
      case "schema_version" -> state.setSchemaVersion((String) to);
      case "start_time" -> state.setStartTime(to == null ? null : Values.instant((String) to));
      case "labels" -> {
        Map<String, String> labels = new LinkedHashMap<>();
        Values.map(to).forEach((key, each) -> labels.put(key, (String) each));
        state.setLabels(labels);
      }
      default -> {
        Object value = Values.value(to);
        state.setDocument(document(path), value == null ? null : Values.map(value));
      }
    }
  }

  private static void remove(ExecutionState state, String path) {
    String[] parts = path.split("\\.", 2);
    if (parts.length == 2) {
      if (parts[0].equals("labels")) {
        state.labels().remove(parts[1]);
      } else {
        place(state, parts[0]).remove(parts[1]);
      }
    } else if (path.equals("labels")) {
      state.setLabels(new LinkedHashMap<>());
    } else {
      set(state, path, null);
    }
  }

  /** A document, which is made where there is none. */
  private static Map<String, Object> place(ExecutionState state, String name) {
    Map<String, Object> entries = state.document(document(name));
    if (entries == null) {
      entries = new LinkedHashMap<>();
      state.setDocument(document(name), entries);
    }
    return entries;
  }

  private static Document document(String name) {
    return Document.valueOf(name.toUpperCase(Locale.ROOT));
  }

  private static Object sum(Object one, Object other) {
    BigDecimal sum = new BigDecimal(one.toString()).add(new BigDecimal(other.toString()));
    boolean whole = isWhole(one) && isWhole(other);
    return whole ? (Object) sum.toBigIntegerExact() : sum;
  }

  private static boolean isWhole(Object number) {
    return number instanceof Integer || number instanceof Long || number instanceof BigInteger;
  }
}
