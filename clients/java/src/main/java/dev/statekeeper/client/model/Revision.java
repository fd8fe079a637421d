package dev.statekeeper.client.model;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One change of an execution, without the values.
 *
 * @param revision position of the change in the log
 * @param version number of the change since creation, from 1
 * @param time when it was written
 * @param kind what was done
 * @param status the status after the change; null: there is none
 * @param changed what really changed: {@code status}, {@code context.userId}
 * @param actor who wrote, as given with the write; empty when not given
 * @param pauseId the pause, where the kind is about one; else empty
 * @param checkpoint the checkpoint that was restored, where it was one; else empty
 */
public record Revision(
    long revision,
    long version,
    Instant time,
    EventKind kind,
    @Nullable Status status,
    List<String> changed,
    String actor,
    String pauseId,
    String checkpoint) {}
