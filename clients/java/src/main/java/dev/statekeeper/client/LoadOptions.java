package dev.statekeeper.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to load; all of it may be left out.
 *
 * @param revision the state as it was right after this revision; null: as it is
 * @param checkpoint the state that this checkpoint names, in place of a revision; null: as it is
 * @param fields the fields to read: {@code context}, {@code context.userId}, {@code labels}, {@code
 *     pauses}; the state is partial then. Empty: all, but for {@code shared_state}, which is read
 *     only by its name.
 */
public record LoadOptions(
    @Nullable Long revision, @Nullable String checkpoint, List<String> fields) {

  /** The whole state as it is. */
  public static final LoadOptions NONE = new LoadOptions(null, null, List.of());

  /**
   * Makes one.
   *
   * @param revision the state as it was right after this revision; null: as it is
   * @param checkpoint the state that this checkpoint names; null: as it is
   * @param fields the fields to read; empty: all
   */
  public LoadOptions {
    fields = List.copyOf(fields);
  }

  /**
   * Asks for the state as it was right after a revision.
   *
   * @param revision the revision
   * @return the options
   */
  public static LoadOptions atRevision(long revision) {
    return new LoadOptions(revision, null, List.of());
  }

  /**
   * Asks for the state that a checkpoint names.
   *
   * @param name the checkpoint
   * @return the options
   */
  public static LoadOptions atCheckpoint(String name) {
    return new LoadOptions(null, name, List.of());
  }

  /**
   * Asks for some fields alone.
   *
   * @param fields the fields
   * @return the options
   */
  public static LoadOptions ofFields(String... fields) {
    return NONE.withFields(fields);
  }

  /**
   * Asks for some fields alone.
   *
   * @param names the fields
   * @return a copy
   */
  public LoadOptions withFields(String... names) {
    return new LoadOptions(revision, checkpoint, List.of(names));
  }
}
