/** The calls of a handle about the lock. */
import { StateManager } from "../gen/statekeeper/v1/state_manager_pb.js";
import { type Grant, isGone } from "../grants.js";
import type { LockHolder } from "../model/results.js";
import {
  getLockRequest,
  type LockAsk,
  lockRequest,
  renewLockRequest,
  unlockRequest,
} from "../requests/lock.js";
import { newId } from "../requests/write.js";
import { readLockHolder } from "../responses.js";
import { fromPresentTimestamp } from "../times.js";
import type { Call } from "../transport/call.js";
import type { Handle } from "./handle.js";

// A call has to be given some time, or it fails before it is sent.
const TIMEOUT_MS_MIN = 1;

/** What became of asking for the lock: a grant, or who else has it. */
export interface LockAnswer {
  readonly grant: Grant | undefined;
  readonly holder: LockHolder | undefined;
}

/** Makes the call that asks for the lock. */
export function lockCall(handle: Handle, ask: LockAsk): Call<LockAnswer> {
  const { grants, execution } = handle;
  const held = grants.held();
  const again = held?.owner === (ask.owner ?? held?.owner) ? held : undefined;
  const owner = again?.owner ?? ask.owner ?? newId();
  // What is held already must not end earlier because of this.
  const lease = Math.max(ask.lease, again?.lease ?? 0);
  // No other grant has an owner that was made here, so none is released by mistake.
  const own = again === undefined && ask.owner === undefined;
  return handle.plain(
    StateManager.method.lock,
    () => lockRequest(execution, ask, owner, lease),
    (response) => {
      if (!response.acquired) {
        return { grant: undefined, holder: response.holder && readLockHolder(response.holder) };
      }
      const grant = grants.take(owner, Number(response.fencingToken));
      grant.prolong(lease, fromPresentTimestamp(response.leaseExpireTime), performance.now());
      return { grant, holder: undefined };
    },
    { waitMs: ask.wait, cleanup: own ? unlockOwnerCall(handle, owner) : undefined },
  );
}

/**
 * Makes the call that prolongs the lease of a grant.
 *
 * @param lease - For how long (ms).
 * @param inTime - Whether an answer after the lease is of no use.
 */
export function renewLockCall(
  handle: Handle,
  grant: Grant,
  lease: number,
  inTime = false,
): Call<void> {
  const since = performance.now();
  return handle.plain(
    StateManager.method.renewLock,
    () => renewLockRequest(handle.execution, grant.fencingToken, lease),
    ({ leaseExpireTime }) => {
      grant.prolong(lease, fromPresentTimestamp(leaseExpireTime), since);
    },
    {
      giveUp: (error) => {
        if (isGone(error)) grant.lose();
      },
      timeoutMsMax: inTime ? Math.max(TIMEOUT_MS_MIN, grant.timeLeft) : undefined,
    },
  );
}

/** Makes the call that releases a grant. */
export function unlockCall(handle: Handle, grant: Grant): Call<boolean> {
  const make = (cleanup?: Call<unknown>): Call<boolean> =>
    handle.plain(
      StateManager.method.unlock,
      () => unlockRequest(handle.execution, grant),
      ({ released }) => {
        handle.grants.forget(grant);
        return released;
      },
      {
        giveUp: (error) => {
          if (isGone(error)) handle.grants.forget(grant);
        },
        cleanup,
      },
    );
  return make(make());
}

/** Makes the call that releases whatever is held here. */
export function unlockAllCall(handle: Handle): Call<boolean> {
  const grant = handle.grants.under();
  // Nobody holds it as this owner: so that it is told whether somebody else has it.
  if (grant === undefined) return unlockOwnerCall(handle, newId());
  // What was held before was lost, or this one could not have been granted.
  handle.grants.forgetOthers(grant);
  return unlockCall(handle, grant);
}

/** Makes the call that asks who holds the lock. */
export function getLockCall(handle: Handle): Call<LockHolder | null> {
  return handle.plain(
    StateManager.method.getLock,
    () => getLockRequest(handle.execution),
    ({ holder }) => (holder === undefined ? null : readLockHolder(holder)),
  );
}

function unlockOwnerCall(handle: Handle, owner: string): Call<boolean> {
  return handle.plain(
    StateManager.method.unlock,
    () => unlockRequest(handle.execution, { owner }),
    ({ released }) => released,
  );
}
