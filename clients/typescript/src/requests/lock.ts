/** Requests of Lock, RenewLock, Unlock and GetLock. */
import { create } from "@bufbuild/protobuf";

import { checkedName } from "../arguments.js";
import {
  type GetLockRequest,
  GetLockRequestSchema,
  type LockRequest,
  LockRequestSchema,
  type RenewLockRequest,
  RenewLockRequestSchema,
  type UnlockRequest,
  UnlockRequestSchema,
} from "../gen/statekeeper/v1/lock_pb.js";
import { checkedSpan, toDuration } from "../times.js";
import { type ExecutionRef, keyOf } from "./execution.js";
import { type CallOptions, plainOptions } from "./write.js";

const TIMEOUT_MS_DEFAULT = 30_000;
const LEASE_MS_DEFAULT = 30_000;

/** How to ask for the lock. */
export interface LockOptions extends CallOptions {
  /**
   * How long to wait (ms) and, unless `lease` is given, how long the lease lasts, up to
   * 24 h (30 s). 0: the answer comes at once, and the lease lasts 30 s.
   */
  timeout?: number | undefined;
  /** False: the answer comes at once, whatever the timeout. */
  retry?: boolean | undefined;
  /** How long it lasts (ms) unless it is renewed, 1 ms to 24 h. */
  lease?: number | undefined;
  /** Whether writes without the lock are refused with LockedError while it is held. */
  exclusive?: boolean | undefined;
  /**
   * Who asks, 1 to 256 bytes; who has the same name gets the same grant, wherever it is.
   * Left out: nobody else.
   */
  owner?: string | undefined;
}

/** What a caller asks for; spans in ms. */
export interface LockAsk {
  /** How long to wait for it; 0: the answer comes at once. */
  readonly wait: number;
  /** For how long. */
  readonly lease: number;
  /** Whether the writes of others are to be refused. */
  readonly exclusive: boolean;
  /** Who asks; undefined: nobody in particular. */
  readonly owner: string | undefined;
}

/** Checks what a caller asks for; throws an InvalidRequestError. */
export function checkedAsk(options: LockOptions): LockAsk {
  const wait = checkedSpan(options.timeout ?? TIMEOUT_MS_DEFAULT, "timeout");
  const { lease, owner } = options;
  return {
    wait: options.retry === false ? 0 : wait,
    // Who does not want to wait at all still wants the lock for a while.
    lease: lease === undefined ? wait || LEASE_MS_DEFAULT : checkedSpan(lease, "lease"),
    exclusive: options.exclusive ?? false,
    owner: owner === undefined ? undefined : checkedName("owner", owner),
  };
}

/** Makes the request for the lock, asked for by this owner for so long (ms). */
export function lockRequest(
  execution: ExecutionRef,
  ask: LockAsk,
  owner: string,
  lease: number,
): LockRequest {
  return create(LockRequestSchema, {
    key: keyOf(execution),
    options: plainOptions(execution),
    owner,
    lease: toDuration(lease),
    wait: toDuration(ask.wait),
    exclusive: ask.exclusive,
  });
}

/** Makes the request that prolongs a lease, for so long (ms) from now. */
export function renewLockRequest(
  execution: ExecutionRef,
  fencingToken: number,
  lease: number,
): RenewLockRequest {
  return create(RenewLockRequestSchema, {
    key: keyOf(execution),
    options: plainOptions(execution),
    holder: { case: "fencingToken", value: BigInt(fencingToken) },
    lease: toDuration(lease),
  });
}

/** Makes the request that releases a grant, or whatever an owner holds. */
export function unlockRequest(
  execution: ExecutionRef,
  holder: { fencingToken: number } | { owner: string },
): UnlockRequest {
  return create(UnlockRequestSchema, {
    key: keyOf(execution),
    options: plainOptions(execution),
    holder:
      "owner" in holder
        ? { case: "owner", value: holder.owner }
        : { case: "fencingToken", value: BigInt(holder.fencingToken) },
  });
}

/** Makes the request that asks who holds the lock. */
export function getLockRequest(execution: ExecutionRef): GetLockRequest {
  return create(GetLockRequestSchema, { key: keyOf(execution) });
}
