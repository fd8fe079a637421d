package dev.statekeeper.client.internal.watching;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.model.WatchEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How far a watch has come, and somebody with it.
 *
 * <p>The server gives one resume token with each message, and it stands for all events of the
 * message. Who stores the place of one event may have seen no more of the message than that. So the
 * place of an event within a message is the token before it, and what was given since: of each
 * execution the last revision, and how many events of that. A watch that goes on from there passes
 * over what it gets again, of which the revisions tell.
 *
 * <p>As text, a place is the server's token where nothing was given since. Otherwise it is a tilde,
 * and in base64 (URL-safe, without padding) the JSON list of the token and a list {@code
 * [execution_id, revision, events]} for each execution. It is the same in all languages.
 *
 * @param serverToken the server's resume token
 * @param marks the events that were given since, in order; more may be added to its end
 * @param count how many of the marks there were
 */
record Place(String serverToken, List<Mark> marks, int count) implements WatchEvent.ResumePoint {
  private static final String MARKED = "~";
  private static final ObjectMapper JSON = new JsonMapper();

  /** How many events of the last revision of an execution were given. */
  record Last(long revision, int events) {}

  static Place of(String serverToken) {
    return new Place(serverToken, List.of(), 0);
  }

  @Override
  public String token() {
    if (count == 0) {
      return serverToken;
    }
    ArrayNode parts = JSON.createArrayNode().add(serverToken);
    last().forEach((id, last) -> parts.addArray().add(id).add(last.revision()).add(last.events()));
    try {
      byte[] raw = JSON.writeValueAsBytes(parts);
      return MARKED + Base64.getUrlEncoder().withoutPadding().encodeToString(raw);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Reads what was stored. */
  static Place read(String text) {
    if (!text.startsWith(MARKED)) {
      return of(text);
    }
    List<Mark> marks = new ArrayList<>();
    try {
      byte[] raw =
          Base64.getUrlDecoder().decode(text.substring(1).getBytes(StandardCharsets.US_ASCII));
      JsonNode parts = JSON.readTree(raw);
      for (int at = 1; at < parts.size(); at++) {
        JsonNode each = parts.get(at);
        Mark mark = new Mark(each.required(0).asText(), each.required(1).asLong());
        for (int events = each.required(2).asInt(); events > 0; events--) {
          marks.add(mark);
        }
      }
      return new Place(parts.required(0).asText(), marks, marks.size());
    } catch (IOException | IllegalArgumentException garbled) {
      throw InvalidRequestException.of("resume_token", "is no resume token");
    }
  }

  /** By execution, the last revision of which events were given. */
  Map<String, Last> last() {
    Map<String, Last> counts = new LinkedHashMap<>();
    for (Mark mark : marks.subList(0, count)) {
      Last last = counts.get(mark.executionId());
      boolean again = last != null && last.revision() == mark.revision();
      counts.put(mark.executionId(), new Last(mark.revision(), again ? last.events() + 1 : 1));
    }
    return counts;
  }
}
