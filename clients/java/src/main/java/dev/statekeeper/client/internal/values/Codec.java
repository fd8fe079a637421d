package dev.statekeeper.client.internal.values;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.model.Binary;
import dev.statekeeper.v1.Document;
import dev.statekeeper.v1.Value;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values between Java and what is sent.
 *
 * <p>JSON travels as text, raw bytes as they are. Anything else is refused before it is sent.
 */
public final class Codec {
  // Conversion of more digits takes minutes.
  private static final int NUMBER_DIGITS_MAX = 100_000;
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(2 * JsonWriter.DEPTH_MAX)
                  .maxNumberLength(NUMBER_DIGITS_MAX)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .build())
          .streamWriteConstraints(
              StreamWriteConstraints.builder().maxNestingDepth(2 * JsonWriter.DEPTH_MAX).build())
          .build();

  private final ObjectMapper mapper;

  /**
   * Makes one.
   *
   * @param mapper for objects of the caller's own types
   */
  public Codec(ObjectMapper mapper) {
    this.mapper = mapper;
  }

  /** The mapper for objects of the caller's own types. */
  public ObjectMapper mapper() {
    return mapper;
  }

  /**
   * Writes a document.
   *
   * @param document a map, or an object that the mapper writes as a JSON object
   * @param name what paths in errors begin with: {@code context}
   */
  public Document toDocument(Object document, String name) {
    Document.Builder target = Document.newBuilder();
    entriesOf(document, name)
        .forEach(
            (key, value) -> target.putEntries(checkedKey(key, name), toValue(value, name, key)));
    return target.build();
  }

  /** The same for a document that holds JSON alone. */
  public Document toJsonDocument(Object document, String name) {
    Document.Builder target = Document.newBuilder();
    entriesOf(document, name)
        .forEach(
            (key, value) ->
                target.putEntries(checkedKey(key, name), jsonValue(value, name + "." + key)));
    return target.build();
  }

  /** Reads a document; the map and what is in it may be changed. */
  public Map<String, @Nullable Object> fromDocument(Document source, String name) {
    Map<String, @Nullable Object> entries = new LinkedHashMap<>();
    source.getEntriesMap().forEach((key, value) -> entries.put(key, fromValue(value, name, key)));
    return entries;
  }

  /**
   * Gives the JSON text of a value.
   *
   * @param value the value
   * @param path what the value is called in errors
   */
  public String jsonText(@Nullable Object value, String path) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = FACTORY.createGenerator(text)) {
      new JsonWriter(out, mapper).write(value, 0);
    } catch (Fault fault) {
      throw fault.at(path, "saved");
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
    return text.toString();
  }

  private Map<?, ?> entriesOf(Object document, String name) {
    if (document instanceof Map<?, ?> map) {
      return map;
    }
    JsonNode node;
    try {
      node = mapper.valueToTree(document);
    } catch (IllegalArgumentException refused) {
      throw new Fault(document.getClass().getName() + " is not JSON: " + refused.getMessage())
          .at(name, "saved");
    }
    if (!node.isObject()) {
      throw InvalidRequestException.of(
          name, "must be a map or an object, not " + document.getClass().getName());
    }
    Map<String, JsonNode> entries = new LinkedHashMap<>();
    node.properties().forEach(entry -> entries.put(entry.getKey(), entry.getValue()));
    return entries;
  }

  private static String checkedKey(@Nullable Object key, String name) {
    if (!(key instanceof String text)) {
      throw new Fault("a key of it is " + JsonWriter.typeOf(key) + ", and keys must be texts")
          .at(name, "saved");
    }
    String fault = Texts.faultOf(text);
    if (!fault.isEmpty()) {
      throw new Fault("in the key '" + text + "', " + fault).at(name, "saved");
    }
    return text;
  }

  private Value toValue(@Nullable Object value, String name, Object key) {
    if (value instanceof Binary binary) {
      return Value.newBuilder()
          .setBinary(ByteString.copyFrom(binary.bytes()))
          .setContentType(binary.contentType())
          .build();
    }
    if (value instanceof byte[] bytes) {
      return Value.newBuilder().setBinary(ByteString.copyFrom(bytes)).build();
    }
    if (value instanceof ByteBuffer bytes) {
      return Value.newBuilder().setBinary(ByteString.copyFrom(bytes.duplicate())).build();
    }
    return jsonValue(value, name + "." + key);
  }

  private Value jsonValue(@Nullable Object value, String path) {
    return Value.newBuilder().setJson(jsonText(value, path)).build();
  }

  private static @Nullable Object fromValue(Value value, String name, String key) {
    if (value.getKindCase() == Value.KindCase.BINARY) {
      return Binary.of(value.getBinary().toByteArray(), value.getContentType());
    }
    try (JsonParser in = FACTORY.createParser(value.getJson())) {
      return new JsonReader(in).readAll();
    } catch (IOException | NumberFormatException refused) {
      String told = String.valueOf(refused.getMessage()).lines().findFirst().orElse("");
      throw new Fault(told).at(name + "." + key, "read");
    }
  }
}
