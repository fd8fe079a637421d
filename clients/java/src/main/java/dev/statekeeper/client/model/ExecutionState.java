package dev.statekeeper.client.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The state of an execution.
 *
 * <p>A document that is null is absent, and that is not the same as an empty one. Documents that
 * were loaded are maps that may be changed: integers in them are {@link Long} or, where that is too
 * small, {@link java.math.BigInteger}; other numbers are {@link Double} or, where that would lose
 * digits, {@link java.math.BigDecimal}; arrays are {@link List}, objects {@link Map}, raw bytes
 * {@link Binary}.
 *
 * <p>A state that came from a load carries its revision, so saving it is compare-and-set; a
 * successful save moves the revision, the version and the times on. One is not to be changed by
 * several threads at once.
 */
public class ExecutionState {
  private static final ObjectMapper PLAIN = new JsonMapper();

  private final Map<Document, Map<String, @Nullable Object>> documents =
      new EnumMap<>(Document.class);
  private final ObjectMapper mapper;
  private Status status;
  private String id = "";
  private @Nullable String currentMember;
  private @Nullable Instant startTime;
  private Map<String, String> labels = new LinkedHashMap<>();
  private @Nullable String schemaVersion;
  private @Nullable Facts facts;

  /**
   * What the server keeps beside a state.
   *
   * @param revision position of the last change in the log, the token of compare-and-set
   * @param version number of changes since creation, from 1; 0: not told
   * @param createTime when the execution was first saved; null: not told
   * @param updateTime when this state was written; null: not told
   * @param expireTime from when on it reads as absent; null: never
   * @param pauses the execution's pauses, the oldest first: all that wait, and of the others the 64
   *     that were opened last
   * @param sharedState the values of its shared state, where it was asked for by its name
   * @param partial whether only some fields were loaded
   */
  public record Facts(
      long revision,
      long version,
      @Nullable Instant createTime,
      @Nullable Instant updateTime,
      @Nullable Instant expireTime,
      List<Pause> pauses,
      @Nullable Map<String, @Nullable Object> sharedState,
      boolean partial) {}

  /**
   * Makes a state that does not come from a server.
   *
   * @param status where the execution stands
   */
  public ExecutionState(Status status) {
    this(status, PLAIN);
  }

  /**
   * Makes a state that reads its documents as other types with this mapper.
   *
   * @param status where the execution stands
   * @param mapper what {@link #documentAs} uses
   */
  public ExecutionState(Status status, ObjectMapper mapper) {
    this.status = status;
    this.mapper = mapper;
  }

  /**
   * Makes a copy that shares the documents' values with the original.
   *
   * @param original what to copy
   */
  public ExecutionState(ExecutionState original) {
    this(original.status, original.mapper);
    documents.putAll(original.documents);
    id = original.id;
    currentMember = original.currentMember;
    startTime = original.startTime;
    labels = original.labels;
    schemaVersion = original.schemaVersion;
    facts = original.facts;
  }

  /**
   * Where the execution stands.
   *
   * @return the status
   */
  public Status status() {
    return status;
  }

  /**
   * Says where the execution stands.
   *
   * @param status the status
   */
  public void setStatus(Status status) {
    this.status = status;
  }

  /**
   * The execution's id.
   *
   * @return the empty text where it was left out
   */
  public String id() {
    return id;
  }

  /**
   * Says whose state it is, which may be left out.
   *
   * @param id the execution's id
   */
  public void setId(String id) {
    this.id = id;
  }

  /**
   * What the execution was started with.
   *
   * @return null: absent
   */
  public @Nullable Map<String, @Nullable Object> input() {
    return document(Document.INPUT);
  }

  /**
   * What the execution carries along.
   *
   * @return null: absent
   */
  public @Nullable Map<String, @Nullable Object> context() {
    return document(Document.CONTEXT);
  }

  /**
   * What each member gave back, by the member's name.
   *
   * @return null: absent
   */
  public @Nullable Map<String, @Nullable Object> memberOutputs() {
    return document(Document.MEMBER_OUTPUTS);
  }

  /**
   * What others want to know about it.
   *
   * @return null: absent
   */
  public @Nullable Map<String, @Nullable Object> metadata() {
    return document(Document.METADATA);
  }

  /**
   * Gives one of the documents.
   *
   * @param which which
   * @return its entries; null: absent
   */
  public @Nullable Map<String, @Nullable Object> document(Document which) {
    return documents.get(which);
  }

  /**
   * Reads one of the documents as a type of the caller's own.
   *
   * <p>That is done by the client's {@link ObjectMapper}.
   *
   * @param <T> the type
   * @param which which
   * @param type the type
   * @return null: absent
   * @throws IllegalArgumentException where the document does not fit
   */
  public <T> @Nullable T documentAs(Document which, Class<T> type) {
    Map<String, @Nullable Object> entries = document(which);
    return entries == null ? null : mapper.convertValue(entries, type);
  }

  /**
   * Sets one of the documents.
   *
   * @param which which
   * @param entries its entries; null: absent
   */
  public void setDocument(Document which, @Nullable Map<String, @Nullable Object> entries) {
    if (entries == null) {
      documents.remove(which);
    } else {
      documents.put(which, entries);
    }
  }

  /**
   * The member at work.
   *
   * @return null: absent
   */
  public @Nullable String currentMember() {
    return currentMember;
  }

  /**
   * Says which member is at work.
   *
   * @param currentMember the member; null: absent
   */
  public void setCurrentMember(@Nullable String currentMember) {
    this.currentMember = currentMember;
  }

  /**
   * When the execution began.
   *
   * @return null: not said; saving it so keeps the stored time, or takes now
   */
  public @Nullable Instant startTime() {
    return startTime;
  }

  /**
   * Says when the execution began.
   *
   * @param startTime the time, of which nanoseconds are kept; null: not said
   */
  public void setStartTime(@Nullable Instant startTime) {
    this.startTime = startTime;
  }

  /**
   * Labels for finding executions.
   *
   * @return a map that may be changed
   */
  public Map<String, String> labels() {
    return labels;
  }

  /**
   * Sets the labels.
   *
   * @param labels all of them
   */
  public void setLabels(Map<String, String> labels) {
    this.labels = labels;
  }

  /**
   * Version of the caller's own layout.
   *
   * @return null: absent
   */
  public @Nullable String schemaVersion() {
    return schemaVersion;
  }

  /**
   * Says which version the caller's own layout has.
   *
   * @param schemaVersion the version; null: absent
   */
  public void setSchemaVersion(@Nullable String schemaVersion) {
    this.schemaVersion = schemaVersion;
  }

  /**
   * Whether this came from a server, or was saved.
   *
   * @return whether it has a revision
   */
  public boolean hasRevision() {
    return facts != null;
  }

  /**
   * Position of the last change in the log: the value to expect in a compare-and-set.
   *
   * @return the revision
   * @throws IllegalStateException where the state has none
   */
  public long revision() {
    if (facts == null) {
      throw new IllegalStateException("this state does not come from a server");
    }
    return facts.revision();
  }

  /**
   * Number of changes since the execution was created, from 1.
   *
   * @return 0: not told
   */
  public long version() {
    return facts == null ? 0 : facts.version();
  }

  /**
   * When the execution was first saved.
   *
   * @return null: not told
   */
  public @Nullable Instant createTime() {
    return facts == null ? null : facts.createTime();
  }

  /**
   * When this state was written.
   *
   * @return null: not told
   */
  public @Nullable Instant updateTime() {
    return facts == null ? null : facts.updateTime();
  }

  /**
   * From when on the execution reads as absent.
   *
   * @return null: never, or not told
   */
  public @Nullable Instant expireTime() {
    return facts == null ? null : facts.expireTime();
  }

  /**
   * The execution's pauses, the oldest first.
   *
   * @return all that wait, and of the others the 64 that were opened last
   */
  public List<Pause> pauses() {
    return facts == null ? List.of() : facts.pauses();
  }

  /**
   * The values of the execution's shared state.
   *
   * @return null: there is none, or {@code shared_state} was not asked for by its name
   */
  public @Nullable Map<String, @Nullable Object> sharedState() {
    return facts == null ? null : facts.sharedState();
  }

  /**
   * Whether only some fields were loaded. Such a state cannot be saved, because that would remove
   * the others.
   *
   * @return whether others are missing
   */
  public boolean partial() {
    return facts != null && facts.partial();
  }

  /**
   * What the server keeps beside the state.
   *
   * @return null: it does not come from a server
   */
  public @Nullable Facts facts() {
    return facts;
  }

  /**
   * Notes what the server keeps beside the state, as the client does after a load and a save.
   *
   * @param facts what it is; null: saving the state is no compare-and-set
   */
  public void setFacts(@Nullable Facts facts) {
    this.facts = facts;
  }

  @Override
  public String toString() {
    return "ExecutionState[id="
        + id
        + ", status="
        + status
        + (facts == null ? "" : ", revision=" + facts.revision())
        + ", "
        + documents
        + "]";
  }
}
