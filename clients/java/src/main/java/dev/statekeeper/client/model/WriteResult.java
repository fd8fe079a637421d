package dev.statekeeper.client.model;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a write did.
 *
 * @param namespace of the execution written
 * @param executionId the execution written
 * @param revision its revision now, the value to expect next; of a delete the deletion's position
 *     in the log, 0 when nothing was there
 * @param version changes since creation, this one included; 0 after a delete
 * @param updateTime when it was written
 * @param replayed whether this is the first result again, for a repeated request id: what the
 *     others tell was so right after the write
 * @param warnings sentences for people: what was done but had better be changed
 * @param expireTime when the execution expires unless it is written again; null: never, or there is
 *     none
 */
public record WriteResult(
    String namespace,
    String executionId,
    long revision,
    long version,
    Instant updateTime,
    boolean replayed,
    List<String> warnings,
    @Nullable Instant expireTime) {}
