package dev.statekeeper.conformance;

import dev.statekeeper.client.model.AccessReport;
import dev.statekeeper.client.model.Binary;
import dev.statekeeper.client.model.DefineResult;
import dev.statekeeper.client.model.DeleteResult;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.Misfit;
import dev.statekeeper.client.model.ResumeResult;
import dev.statekeeper.client.model.StateFields;
import dev.statekeeper.client.model.StateWriteResult;
import dev.statekeeper.client.model.WatchEvent;
import java.lang.reflect.RecordComponent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What the client gives, as the runner reads it. */
final class Plain {
  private Plain() {}

  /** Anything that the client gives, all the way down: records by the names of their components. */
  static Object of(Object given) {
    if (given instanceof Optional<?> maybe) {
      return of(maybe.orElse(null));
    }
    if (given instanceof ExecutionState state) {
      return state(state);
    }
    if (given instanceof StateFields fields) {
      return of(fields.asMap());
    }
    if (given instanceof DeleteResult result) {
      return with(result.result(), Map.of("existed", result.existed()));
    }
    if (given instanceof ResumeResult result) {
      return with(result.result(), Map.of("member", result.member(), "pause_id", result.pauseId()));
    }
    if (given instanceof DefineResult result) {
      return with(
          result.result(),
          Map.of(
              "definition_version",
              result.definitionVersion(),
              "misfits",
              result.misfits().stream().map(Misfit::key).toList()));
    }
    if (given instanceof StateWriteResult result) {
      return with(result.result(), Map.of("dropped", result.dropped()));
    }
    if (given instanceof AccessReport report) {
      return Map.of(
          "unused_keys", report.unusedKeys(),
          "by_key", of(report.accessPatterns()),
          "by_member", of(report.memberCounts()));
    }
    if (given instanceof WatchEvent event) {
      Map<String, Object> told = record(event);
      told.put("resume_token", event.resumeToken());
      return told;
    }
    if (given instanceof Binary binary) {
      return bytes(binary);
    }
    if (given instanceof WatchEvent.ResumePoint) {
      return null;
    }
    if (given instanceof Record each) {
      return record(each);
    }
    if (given instanceof Instant || given instanceof Enum) {
      return given.toString();
    }
    if (given instanceof Map<?, ?> map) {
      Map<String, Object> entries = new LinkedHashMap<>();
      map.forEach((key, each) -> entries.put(key.toString(), of(each)));
      return entries;
    }
    if (given instanceof Iterable<?> items) {
      List<Object> all = new ArrayList<>();
      items.forEach(item -> all.add(of(item)));
      return all;
    }
    return given;
  }

  private static Map<String, Object> with(Record result, Map<String, Object> more) {
    Map<String, Object> told = record(result);
    told.putAll(more);
    return told;
  }

  private static Map<String, Object> record(Record given) {
    Map<String, Object> told = new LinkedHashMap<>();
    for (RecordComponent component : given.getClass().getRecordComponents()) {
      try {
        told.put(snakeCase(component.getName()), of(component.getAccessor().invoke(given)));
      } catch (ReflectiveOperationException impossible) {
        throw new IllegalStateException(impossible);
      }
    }
    return told;
  }

  private static Map<String, Object> state(ExecutionState state) {
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("id", state.id());
    told.put("status", state.status().toString());
    told.put("input", of(state.input()));
    told.put("context", of(state.context()));
    told.put("member_outputs", of(state.memberOutputs()));
    told.put("metadata", of(state.metadata()));
    told.put("current_member", state.currentMember());
    told.put("start_time", of(state.startTime()));
    told.put("labels", state.labels());
    told.put("schema_version", state.schemaVersion());
    if (state.facts() != null) {
      told.putAll(record(state.facts()));
    }
    return told;
  }

  private static Map<String, Object> bytes(Binary binary) {
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("$bytes", Base64.getEncoder().encodeToString(binary.bytes()));
    if (!binary.contentType().isEmpty()) {
      told.put("content_type", binary.contentType());
    }
    return told;
  }

  private static String snakeCase(String name) {
    return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }
}
