package dev.statekeeper.client.internal.locking;

import dev.statekeeper.client.model.LockHolder;
import org.jspecify.annotations.Nullable;

/**
 * What became of asking for the lock.
 *
 * @param owner who asked
 * @param grant the grant; null: somebody else has it
 * @param holder who; null: there is a grant, or it is not told
 */
public record LockAnswer(String owner, @Nullable Grant grant, @Nullable LockHolder holder) {}
