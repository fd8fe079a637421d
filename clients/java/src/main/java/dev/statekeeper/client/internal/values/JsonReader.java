package dev.statekeeper.client.internal.values;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads JSON text as maps, lists, texts and numbers, of which no digit is lost. */
final class JsonReader {
  // A number with as few digits is the only one of its length that its nearest double stands for.
  private static final int EXACT_CHARACTERS_MAX = 15;

  private final JsonParser in;

  JsonReader(JsonParser in) {
    this.in = in;
  }

  @Nullable Object readAll() throws IOException {
    in.nextToken();
    Object value = read();
    if (in.nextToken() != null) {
      throw new IOException("something follows the value");
    }
    return value;
  }

  private @Nullable Object read() throws IOException {
    JsonToken token = in.currentToken();
    if (token == null) {
      throw new IOException("there is no value");
    }
    return switch (token) {
      case START_OBJECT -> readObject();
      case START_ARRAY -> readArray();
      case VALUE_STRING -> in.getText();
      case VALUE_NUMBER_INT -> readInteger();
      case VALUE_NUMBER_FLOAT -> readDecimal(in.getText());
      case VALUE_TRUE -> Boolean.TRUE;
      case VALUE_FALSE -> Boolean.FALSE;
      case VALUE_NULL -> null;
      default -> throw new IOException("unexpected " + token);
    };
  }

  private Map<String, @Nullable Object> readObject() throws IOException {
    Map<String, @Nullable Object> entries = new LinkedHashMap<>();
    for (String key = in.nextFieldName(); key != null; key = in.nextFieldName()) {
      in.nextToken();
      entries.put(key, read());
    }
    return entries;
  }

  private List<@Nullable Object> readArray() throws IOException {
    List<@Nullable Object> items = new ArrayList<>();
    while (in.nextToken() != JsonToken.END_ARRAY) {
      items.add(read());
    }
    return items;
  }

  private Object readInteger() throws IOException {
    return in.getNumberType() == JsonParser.NumberType.BIG_INTEGER
        ? in.getBigIntegerValue()
        : (Object) in.getLongValue();
  }

  private static Object readDecimal(String text) {
    double nearest = Double.parseDouble(text);
    if (text.length() <= EXACT_CHARACTERS_MAX && text.indexOf('e') < 0 && text.indexOf('E') < 0) {
      return nearest;
    }
    BigDecimal exact = new BigDecimal(text);
    boolean kept =
        !Double.isInfinite(nearest)
            && new BigDecimal(Double.toString(nearest)).compareTo(exact) == 0;
    return kept ? (Object) nearest : exact;
  }
}
