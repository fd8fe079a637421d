package dev.statekeeper.client.internal.requests;

import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.internal.values.Texts;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What makes an argument one that can be sent; the server checks the rest. */
public final class Arguments {
  private Arguments() {}

  /** Gives a text that can be sent. */
  public static String text(String field, @Nullable String value) {
    if (value == null) {
      throw InvalidRequestException.of(field, "must not be null");
    }
    String fault = Texts.faultOf(value);
    if (!fault.isEmpty()) {
      throw InvalidRequestException.of(field, fault);
    }
    return value;
  }

  /** Gives a text that can be sent and says something. */
  public static String name(String field, @Nullable String value) {
    String name = text(field, value);
    if (name.isEmpty()) {
      throw InvalidRequestException.of(field, "must not be empty");
    }
    return name;
  }

  /** Gives texts that can be sent. */
  public static List<String> texts(String field, Iterable<String> values) {
    List<String> texts = new ArrayList<>();
    for (String value : values) {
      texts.add(text(field, value));
    }
    return texts;
  }

  /** Gives a revision that can be sent. */
  public static long revision(String field, long value) {
    if (value < 0) {
      throw InvalidRequestException.of(field, "must be 0 or more");
    }
    return value;
  }

  /** Gives the size of a page that can be asked for. */
  public static int pageSize(int value) {
    if (value < 1) {
      throw InvalidRequestException.of("page_size", "must be a number from 1 on, not " + value);
    }
    return value;
  }
}
