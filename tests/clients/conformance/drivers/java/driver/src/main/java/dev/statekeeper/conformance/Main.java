package dev.statekeeper.conformance;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.statekeeper.client.errors.StateException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads commands from stdin, does each in a thread of its own, and writes what came of them. */
public final class Main {
  private static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNumberLength(Integer.MAX_VALUE)
                          .maxStringLength(Integer.MAX_VALUE)
                          .build())
                  .build())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();
  private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);

  private Main() {}

  /**
   * Serves until stdin ends.
   *
   * @param arguments none
   */
  public static void main(String[] arguments) throws IOException {
    Session session = new Session();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      Map<String, Object> fields = JSON.readValue(line, new TypeReference<>() {});
      begin(session, new Command(fields));
    }
    session.reset();
    System.exit(0);
  }

  private static void begin(Session session, Command command) {
    Object id = command.get("id");
    // A thread for each: what a lock belongs to is its thread.
    Thread thread =
        new Thread(
            () -> {
              Map<String, Object> answer = answer(session, command);
              session.underWay.remove(id);
              write(id, answer);
            },
            "command-" + id);
    session.underWay.put(id, thread);
    thread.start();
  }

  private static Map<String, Object> answer(Session session, Command command) {
    try {
      return Collections.singletonMap("result", Plain.of(session.perform(command)));
    } catch (StateException error) {
      return Map.of("error", Errors.of(error));
    } catch (RaisedException error) {
      return Map.of("error", Errors.of(error));
    } catch (Unsupported why) {
      return Map.of("unsupported", why.getMessage());
    } catch (InterruptedException interrupted) {
      return Map.of("error", Map.of("code", "CANCELLED", "message", "the command was cancelled"));
    } catch (Throwable fault) {
      StringWriter text = new StringWriter();
      fault.printStackTrace(new PrintWriter(text));
      return Map.of("fault", text.toString());
    }
  }

  private static void write(Object id, Map<String, Object> answer) {
    Map<String, Object> whole = new LinkedHashMap<>();
    whole.put("id", id);
    whole.putAll(answer);
    String text;
    try {
      text = JSON.writeValueAsString(whole);
    } catch (JsonProcessingException fault) {
      text = "{\"id\": " + id + ", \"fault\": \"the answer is not JSON\"}";
    }
    synchronized (OUT) {
      OUT.println(text);
      OUT.flush();
    }
  }
}
