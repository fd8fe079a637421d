package dev.statekeeper.conformance;

import dev.statekeeper.client.WriteOptions;
import dev.statekeeper.client.model.Binary;
import dev.statekeeper.client.model.StateFields;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What commands hold, as the client takes it. */
final class Values {
  private static final List<String> DOCUMENTS =
      List.of("input", "context", "member_outputs", "metadata");

  private Values() {}

  @SuppressWarnings("unchecked") // JSON has no other objects.
  static Map<String, Object> map(Object given) {
    return (Map<String, Object>) given;
  }

  @SuppressWarnings("unchecked") // JSON has no other lists.
  static List<Object> list(Object given) {
    return (List<Object>) given;
  }

  /** A value of a document. */
  static Object value(Object given) {
    if (given instanceof List<?> items) {
      List<Object> values = new ArrayList<>();
      items.forEach(item -> values.add(value(item)));
      return values;
    }
    if (!(given instanceof Map)) {
      return given;
    }
    Map<String, Object> entries = map(given);
    if (entries.get("$bytes") instanceof String text) {
      byte[] bytes = Base64.getDecoder().decode(text);
      return entries.get("content_type") instanceof String type ? Binary.of(bytes, type) : bytes;
    }
    if (entries.get("$not_json") instanceof String kind) {
      return notJson(kind);
    }
    Map<String, Object> values = new LinkedHashMap<>();
    entries.forEach((key, each) -> values.put(key, value(each)));
    return values;
  }

  private static Object notJson(String kind) {
    return switch (kind) {
      case "nan" -> Double.NaN;
      case "infinity" -> Double.POSITIVE_INFINITY;
      case "function" -> (Runnable) () -> {};
      default -> throw new Unsupported("Java has no " + kind);
    };
  }

  /** Fields of a state. */
  static StateFields fields(Object given) {
    Map<String, Object> fields = new LinkedHashMap<>();
    if (given != null) {
      map(given).forEach((name, each) -> fields.put(name, field(name, each)));
    }
    return StateFields.of(fields);
  }

  static Object field(String name, Object given) {
    if (DOCUMENTS.contains(name)) {
      return value(given);
    }
    return name.equals("start_time") && given != null ? instant((String) given) : given;
  }

  static Instant instant(String text) {
    return OffsetDateTime.parse(text).toInstant();
  }

  static Duration span(Object seconds) {
    BigDecimal[] parts =
        new BigDecimal(seconds.toString())
            .movePointRight(9)
            .divideAndRemainder(BigDecimal.valueOf(1_000_000_000L));
    return Duration.ofSeconds(parts[0].longValueExact(), parts[1].longValue());
  }

  /** What says how to write. */
  static WriteOptions writeOptions(Command command) {
    return new WriteOptions(
        command.maybeNumber("expected_revision").orElse(null),
        command.span("ttl").orElse(null),
        command.text("request_id"),
        command.text("actor"));
  }
}
