package dev.statekeeper.client.internal.values;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.POJONode;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a value as JSON text, and finds what is wrong with it.
 *
 * <p>Jackson alone would write NaN as a text, keys of any type as text, and half a surrogate pair
 * as a question mark.
 */
final class JsonWriter {
  /** Deeper than any server takes; a value that contains itself ends here. */
  static final int DEPTH_MAX = 1_000;

  private final JsonGenerator out;
  private final ObjectMapper mapper;

  JsonWriter(JsonGenerator out, ObjectMapper mapper) {
    this.out = out;
    this.mapper = mapper;
  }

  void write(@Nullable Object value, int depth) throws Fault, IOException {
    if (value == null) {
      out.writeNull();
    } else if (value instanceof String text) {
      writeText(text);
    } else if (value instanceof Boolean truth) {
      out.writeBoolean(truth);
    } else if (value instanceof Number number && writeNumber(number)) {
      return;
    } else if (value instanceof Map<?, ?> map) {
      writeMap(map, depth);
    } else if (value instanceof JsonNode node) {
      writeNode(node, depth);
    } else if (value instanceof Iterable<?> items) {
      writeItems(items, depth);
    } else {
      writeNode(toNode(value), depth);
    }
  }

  private boolean writeNumber(Number number) throws Fault, IOException {
    if (number instanceof Long
        || number instanceof Integer
        || number instanceof Short
        || number instanceof Byte) {
      out.writeNumber(number.longValue());
    } else if (number instanceof Double real) {
      writeReal(real, Double.toString(real));
    } else if (number instanceof Float real) {
      writeReal(real, Float.toString(real));
    } else if (number instanceof BigInteger whole) {
      out.writeNumber(whole);
    } else if (number instanceof BigDecimal decimal) {
      out.writeNumber(Reals.asOthersWrite(decimal.toString()));
    } else {
      return false;
    }
    return true;
  }

  private void writeReal(double number, String text) throws Fault, IOException {
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      throw new Fault(number + " is not JSON");
    }
    out.writeNumber(Reals.asOthersWrite(text));
  }

  private void writeText(String text) throws Fault, IOException {
    String fault = Texts.faultOf(text);
    if (!fault.isEmpty()) {
      throw new Fault(fault);
    }
    out.writeString(text);
  }

  private void writeMap(Map<?, ?> map, int depth) throws Fault, IOException {
    checkDepth(depth);
    out.writeStartObject();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (!(entry.getKey() instanceof String key)) {
        throw new Fault("a key of it is " + typeOf(entry.getKey()) + ", and keys must be texts");
      }
      writeEntry(key, entry.getValue(), depth);
    }
    out.writeEndObject();
  }

  private void writeEntry(String key, @Nullable Object value, int depth) throws Fault, IOException {
    String fault = Texts.faultOf(key);
    if (!fault.isEmpty()) {
      throw new Fault("in the key '" + key + "', " + fault);
    }
    out.writeFieldName(key);
    try {
      write(value, depth + 1);
    } catch (Fault found) {
      throw found.inside("." + key);
    }
  }

  private void writeItems(Iterable<?> items, int depth) throws Fault, IOException {
    checkDepth(depth);
    out.writeStartArray();
    int index = 0;
    for (Object item : items) {
      try {
        write(item, depth + 1);
      } catch (Fault found) {
        throw found.inside("[" + index + "]");
      }
      index++;
    }
    out.writeEndArray();
  }

  private void writeNode(JsonNode node, int depth) throws Fault, IOException {
    switch (node.getNodeType()) {
      case OBJECT -> {
        checkDepth(depth);
        out.writeStartObject();
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
          writeEntry(entry.getKey(), entry.getValue(), depth);
        }
        out.writeEndObject();
      }
      case ARRAY -> writeItems(node, depth);
      case STRING -> writeText(node.textValue());
      case BOOLEAN -> out.writeBoolean(node.booleanValue());
      case NULL -> out.writeNull();
      case NUMBER -> writeNumber(node.numberValue());
      case POJO -> write(((POJONode) node).getPojo(), depth + 1);
      case BINARY ->
          throw new Fault(
              "bytes can only stand for a whole entry of a document, not inside of JSON");
      default -> throw new Fault("it is no value");
    }
  }

  private JsonNode toNode(Object value) throws Fault {
    if (value.getClass().isHidden()) {
      // Jackson takes a function for an object without properties.
      throw new Fault("a function is not JSON");
    }
    try {
      return mapper.valueToTree(value);
    } catch (IllegalArgumentException refused) {
      Fault fault = new Fault(typeOf(value) + " is not JSON: " + firstLine(refused));
      if (refused.getCause() instanceof JsonMappingException told) {
        StringBuilder steps = new StringBuilder();
        for (JsonMappingException.Reference step : told.getPath()) {
          String name = step.getFieldName();
          steps.append(name == null ? "[" + step.getIndex() + "]" : "." + name);
        }
        fault.inside(steps.toString());
      }
      throw fault;
    }
  }

  private static String firstLine(IllegalArgumentException refused) {
    Throwable cause = refused.getCause() == null ? refused : refused.getCause();
    String told = cause instanceof JsonMappingException m ? m.getOriginalMessage() : null;
    return told == null ? String.valueOf(cause.getMessage()) : told;
  }

  private static void checkDepth(int depth) throws Fault {
    if (depth >= DEPTH_MAX) {
      throw new Fault("it is nested too deeply, or contains itself");
    }
  }

  static String typeOf(@Nullable Object value) {
    return value == null ? "null" : value.getClass().getName();
  }
}
