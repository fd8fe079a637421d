package dev.statekeeper.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How to write; all of it may be left out.
 *
 * <pre>{@code
 * sm.update(changes, WriteOptions.NONE.withExpectedRevision(state.revision()));
 * }</pre>
 *
 * @param expectedRevision compare-and-set: 0: the execution must not exist; n: its revision must be
 *     n; otherwise {@link dev.statekeeper.client.errors.ConflictException}. null: write whatever is
 *     there.
 * @param ttl time to live from this write on; zero is for ever. null: the handle's, or else what
 *     was last set (at first 24 h)
 * @param requestId names the write, so that repeating it with the same id gives the first result
 *     and changes nothing. null: the client makes one, which covers its own retries
 * @param actor who writes, for the history. null: the handle's
 */
public record WriteOptions(
    @Nullable Long expectedRevision,
    @Nullable Duration ttl,
    @Nullable String requestId,
    @Nullable String actor) {

  /** Says nothing. */
  public static final WriteOptions NONE = new WriteOptions(null, null, null, null);

  /**
   * Makes the write a compare-and-set.
   *
   * @param revision the revision that the execution must have; 0: it must not exist
   * @return a copy
   */
  public WriteOptions withExpectedRevision(long revision) {
    return new WriteOptions(revision, ttl, requestId, actor);
  }

  /**
   * Sets the time to live.
   *
   * @param span from this write on; zero: for ever
   * @return a copy
   */
  public WriteOptions withTtl(Duration span) {
    return new WriteOptions(expectedRevision, span, requestId, actor);
  }

  /**
   * Names the write.
   *
   * @param id at most 256 bytes
   * @return a copy
   */
  public WriteOptions withRequestId(String id) {
    return new WriteOptions(expectedRevision, ttl, id, actor);
  }

  /**
   * Says who writes.
   *
   * @param name at most 256 bytes
   * @return a copy
   */
  public WriteOptions withActor(String name) {
    return new WriteOptions(expectedRevision, ttl, requestId, name);
  }
}
