package dev.statekeeper.client;

import dev.statekeeper.client.internal.wire.Page;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A list that is fetched page by page, each page when it is needed.
 *
 * <p>Going through it again fetches it again.
 *
 * @param <T> what it is a list of
 */
public final class Pages<T> implements Iterable<T> {
  private final Function<String, Page<T>> fetch;

  /**
   * Makes one.
   *
   * @param fetch gives the page of a token; of the empty one, the first
   */
  Pages(Function<String, Page<T>> fetch) {
    this.fetch = fetch;
  }

  /** Goes through the items; a step may throw what a call may throw. */
  @Override
  public Iterator<T> iterator() {
    return new Items();
  }

  /**
   * Gives the items one after the other.
   *
   * @return a stream that fetches as it goes
   */
  public Stream<T> stream() {
    return StreamSupport.stream(spliterator(), false);
  }

  /**
   * Fetches all pages.
   *
   * @return all items
   */
  public List<T> toList() {
    return stream().toList();
  }

  private final class Items implements Iterator<T> {
    private final Deque<T> fetched = new ArrayDeque<>();
    private String next = "";
    private boolean complete;

    @Override
    public boolean hasNext() {
      while (fetched.isEmpty() && !complete) {
        Page<T> page = fetch.apply(next);
        fetched.addAll(page.items());
        next = page.nextPageToken();
        complete = next.isEmpty();
      }
      return !fetched.isEmpty();
    }

    @Override
    public T next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return fetched.remove();
    }
  }
}
