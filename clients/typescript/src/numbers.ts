/** Revisions, versions and fencing tokens, which are numbers to callers. */
import { InternalError } from "./errors.js";

/**
 * Gives an int64 of the server as a number.
 *
 * A revision counts the writes of a shard, so that 2^53 is out of reach; should it ever
 * be reached, nothing is rounded.
 */
export function toRevision(value: bigint): number {
  const revision = Number(value);
  if (!Number.isSafeInteger(revision)) {
    throw new InternalError(`the server sent ${String(value)}, which is beyond 2^53`);
  }
  return revision;
}
