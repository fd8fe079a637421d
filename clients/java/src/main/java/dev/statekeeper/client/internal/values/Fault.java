package dev.statekeeper.client.internal.values;

import dev.statekeeper.client.errors.ErrorFacts;
import dev.statekeeper.client.errors.SerializationException;
import java.util.ArrayDeque;
import java.util.Deque;

/** A value is not one that can be sent or read; learns where on its way up through the nesting. */
final class Fault extends Exception {
  private static final long serialVersionUID = 1L;
  private static final int PATH_CHARACTERS_MAX = 500;

  private final transient Deque<String> steps = new ArrayDeque<>();

  Fault(String sentence) {
    super(sentence, null, false, false);
  }

  Fault inside(String step) {
    steps.addFirst(step);
    return this;
  }

  SerializationException at(String name, String done) {
    StringBuilder whole = new StringBuilder(name);
    for (String step : steps) {
      if (whole.length() > PATH_CHARACTERS_MAX) {
        break;
      }
      whole.append(step);
    }
    String path = whole.toString();
    if (path.length() > PATH_CHARACTERS_MAX) {
      path = path.substring(0, PATH_CHARACTERS_MAX) + "...";
    }
    return new SerializationException(
        ErrorFacts.of(path + " cannot be " + done + ": " + getMessage()).with("path", path));
  }
}
