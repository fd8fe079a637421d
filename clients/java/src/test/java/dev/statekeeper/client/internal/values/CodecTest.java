package dev.statekeeper.client.internal.values;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.statekeeper.client.errors.SerializationException;
import dev.statekeeper.client.model.Binary;
import dev.statekeeper.v1.Document;
import dev.statekeeper.v1.Value;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CodecTest {
  private final Codec codec = new Codec(new JsonMapper());

  private Object read(String json) {
    Document document =
        Document.newBuilder().putEntries("k", Value.newBuilder().setJson(json).build()).build();
    return codec.fromDocument(document, "context").get("k");
  }

  private SerializationException refused(Object value) {
    Map<String, Object> context = new HashMap<>();
    context.put("k", value);
    return assertThrows(SerializationException.class, () -> codec.toDocument(context, "context"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-1",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "-123456789012345678901234567890",
        "0.1",
        "-39.95",
        "1.0",
        "10000000000.0",
        "1e-7",
        "1.7976931348623157e+308",
        "0.1000000000000000055511151231257827",
        "123456789012345678901234567890.5",
        "true",
        "null",
        "\"Grüße 🚀 状态\"",
        "[1,[2,[]],{}]",
        "{\"a\":{\"b\":[null,false]}}"
      })
  void whatIsReadIsWrittenAsItWas(String json) {
    assertEquals(json, codec.jsonText(read(json), "k"));
  }

  @ParameterizedTest
  @CsvSource({
    "1, java.lang.Long",
    "9223372036854775808, java.math.BigInteger",
    "0.1, java.lang.Double",
    "1.0, java.lang.Double",
    "1e2, java.lang.Double",
    "0.30000000000000004, java.lang.Double",
    "0.300000000000000041, java.math.BigDecimal",
    "1e400, java.math.BigDecimal",
    "1e-400, java.math.BigDecimal"
  })
  void numbersAreReadAsTheSmallestTypeThatLosesNoDigit(String json, String type) {
    assertEquals(type, read(json).getClass().getName());
  }

  @Test
  void allKindsOfNumbersAreWritten() {
    List<Object> numbers =
        List.of(
            (byte) 1,
            (short) 2,
            3,
            4L,
            BigInteger.TEN.pow(30),
            1.5f,
            2.5,
            new BigDecimal("0.10"),
            1e7,
            1e22,
            1e-6,
            1e-7,
            -0.0);
    assertEquals(
        "[1,2,3,4,1000000000000000000000000000000,1.5,2.5,0.10,10000000.0,1e+22,0.0000010,1e-7,"
            + "-0.0]",
        codec.jsonText(numbers, "k"));
  }

  @Test
  void nestingIsReadAndWrittenAsDeepAsServersTakeIt() {
    String json = "[".repeat(900) + "]".repeat(900);
    assertEquals(json, codec.jsonText(read(json), "k"));
  }

  @Test
  void whatContainsItselfIsRefused() {
    List<Object> circle = new ArrayList<>();
    circle.add(circle);
    assertTrue(refused(circle).getMessage().contains("contains itself"));
  }

  @Test
  void notANumberIsRefusedWithItsPath() {
    Object value = Map.of("tags", List.of(1, Map.of("x", Double.NaN)));
    assertEquals("context.k.tags[1].x", refused(value).path());
  }

  @Test
  void notANumberIsRefusedInsideOfObjectsOfOtherTypesToo() {
    record Reading(String name, double value) {}
    assertEquals("context.k[0].value", refused(List.of(new Reading("a", Double.NaN))).path());
  }

  @Test
  void functionsAreRefused() {
    Runnable function = () -> {};
    assertEquals("context.k[0]", refused(List.of(function)).path());
  }

  @Test
  void keysThatAreNoTextsAreRefused() {
    assertEquals("context.k", refused(Map.of(1, "one")).path());
  }

  @ParameterizedTest
  @ValueSource(strings = {"\ud83d", "a\ude80", "\ude80\ud83d"})
  void halfSurrogatePairsAreRefused(String text) {
    assertEquals("context.k[0]", refused(List.of(text)).path());
    assertEquals("context.k", refused(Map.of(text, 1)).path());
  }

  @Test
  void bytesStandForWholeEntriesAlone() {
    byte[] bytes = {0, 1, -1};
    Document document =
        codec.toDocument(Map.of("plain", bytes, "typed", Binary.of(bytes, "image/png")), "context");
    Map<String, Object> read = codec.fromDocument(document, "context");
    assertEquals(Binary.of(bytes), read.get("plain"));
    assertEquals(Binary.of(bytes, "image/png"), read.get("typed"));
    assertEquals("context.k[0]", refused(List.of((Object) bytes)).path());
  }

  @Test
  void objectsOfOtherTypesAreDocuments() {
    record Order(String id, long amount) {}
    Document document = codec.toDocument(new Order("a", 9007199254740993L), "context");
    assertEquals(
        Map.of("id", "a", "amount", 9007199254740993L), codec.fromDocument(document, "context"));
  }

  @Test
  void whatWasReadMayBeChanged() {
    Map<?, ?> read = assertInstanceOf(Map.class, read("{\"a\":[1]}"));
    assertInstanceOf(List.class, read.get("a")).clear();
    read.clear();
    assertTrue(read.isEmpty());
  }

  @Test
  void numbersOfTooManyDigitsAreToldWithTheirPath() {
    SerializationException error =
        assertThrows(SerializationException.class, () -> read("9".repeat(200_000)));
    assertEquals("context.k", error.path());
  }
}
