package dev.statekeeper.client.internal.watching;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The events that a watch gets again, because they were given after its token. */
final class Given {
  private final Map<String, Place.Last> left;

  /**
   * Makes one.
   *
   * @param place from where the watch goes on; null: from its beginning
   */
  Given(@Nullable Place place) {
    left = (place == null ? Place.of("") : place).last();
  }

  /** Tells whether the next event of an execution was given before. */
  boolean has(String executionId, long revision) {
    Place.Last last = left.get(executionId);
    if (last == null) {
      return false;
    }
    if (revision < last.revision()) {
      return true;
    }
    if (revision == last.revision() && last.events() > 1) {
      left.put(executionId, new Place.Last(revision, last.events() - 1));
    } else {
      left.remove(executionId);
    }
    return revision == last.revision();
  }

  /** Gives the marks of those that have not come again yet. */
  List<Mark> marks() {
    List<Mark> marks = new ArrayList<>();
    left.forEach(
        (id, last) -> {
          for (int events = 0; events < last.events(); events++) {
            marks.add(new Mark(id, last.revision()));
          }
        });
    return marks;
  }
}
