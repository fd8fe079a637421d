/**
 * What was loaded or saved of late, so that it need not be loaded again.
 *
 * One cache belongs to one client and serves all handles that ask for it. It never holds a
 * state that a write through the same client has replaced:
 *
 * - A write ends by replacing the copy or dropping it, also when it failed, since it may
 *   have been done all the same.
 * - A load that was under way when a write ended may have read the state before that
 *   write, so it may not put what it read. The same holds for two writes at once: which
 *   was first is told by their revisions alone.
 *
 * A watched cache holds no state either that a write of others has replaced, but for as
 * long as the news of it travels. It holds copies of a namespace only while a watch of
 * that namespace stands (`watchStands`, `watchBroke`), and is told every change
 * (`changed`). What was read before the watch stood, or before the last change that is
 * known, is not put.
 */
import type { Timestamp } from "@bufbuild/protobuf/wkt";

import { type Execution, ExecutionSchema } from "./gen/statekeeper/v1/execution_pb.js";
import { PauseStatus } from "./gen/statekeeper/v1/pause_pb.js";
import { sizeOf } from "./protobuf/encoding.js";
import type { ExecutionRef } from "./requests/execution.js";
import { fromTimestamp } from "./times.js";

const EXECUTIONS_MAX = 1_000;
const BYTES_MAX = 64 * 1024 * 1024;

/** Which execution. */
export interface CacheKey {
  readonly namespace: string;
  /** The namespace and the execution's id. */
  readonly text: string;
}

/** A call that is under way on one execution. */
export interface Ticket {
  readonly key: string;
  readonly namespace: string;
  overtaken: boolean;
  revisionMin: bigint;
}

/** What a write has made of an execution. */
export interface Written {
  /** The revision it made. */
  readonly revision: bigint;
  /** The whole execution right after it; undefined: not known. */
  readonly execution?: Execution | undefined;
  /** For how long (ms) that may be given out. */
  readonly ttl: number;
}

interface Entry {
  readonly namespace: string;
  readonly execution: Execution;
  readonly size: number;
  readonly freshUntil: number;
}

/** The limits and clocks of a cache; tests give their own. */
export interface CacheBounds {
  /** How many executions it may hold. */
  readonly executionsMax: number;
  /** How large they may be together. */
  readonly bytesMax: number;
  /** A clock that does not step, in ms. */
  monotonic(): number;
  /** The time of day, in ms since 1970. */
  wallClock(): number;
}

const BOUNDS: CacheBounds = {
  executionsMax: EXECUTIONS_MAX,
  bytesMax: BYTES_MAX,
  monotonic: () => performance.now(),
  wallClock: () => Date.now(),
};

/** Executions by key; the least recently used ones leave first. */
export class Cache {
  readonly #watch: ((namespace: string) => void) | undefined;
  readonly #bounds: CacheBounds;
  // In the order of their last use.
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  readonly #underWay = new Map<string, Set<Ticket>>();
  // By namespace, whether its watch stands.
  readonly #watched = new Map<string, boolean>();

  /**
   * @param watch - Begins to tell this cache what changes in a namespace, and returns at
   * once; undefined: nobody does.
   */
  constructor(watch?: (namespace: string) => void, bounds: Partial<CacheBounds> = {}) {
    this.#watch = watch;
    this.#bounds = { ...BOUNDS, ...bounds };
  }

  /** Gives the copy of an execution, if there is one and it is fresh; it must not be changed. */
  get(at: CacheKey): Execution | undefined {
    if (this.#watch !== undefined && !this.#watched.has(at.namespace)) {
      this.#watched.set(at.namespace, false);
      this.#watch(at.namespace);
    }
    const key = at.text;
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (this.#bounds.monotonic() >= entry.freshUntil) {
      this.#bytes -= entry.size;
      return undefined;
    }
    this.#entries.set(key, entry);
    return entry.execution;
  }

  /**
   * Notes that a call is about to be sent; it must end in one of the three ways.
   *
   * @param keeps - Whether what it brings may be put into the cache; a call that brings
   * nothing need not be told what others do meanwhile.
   */
  begin(at: CacheKey, keeps = true): Ticket {
    const { text: key, namespace } = at;
    const ticket = { key, namespace, overtaken: false, revisionMin: 0n };
    if (!keeps) return ticket;
    const tickets = this.#underWay.get(ticket.key);
    if (tickets === undefined) this.#underWay.set(ticket.key, new Set([ticket]));
    else tickets.add(ticket);
    return ticket;
  }

  /**
   * Takes what a load read.
   *
   * @param execution - Undefined: nothing, or it failed.
   * @param ttl - For how long (ms) it may be given out.
   */
  endLoad(ticket: Ticket, execution: Execution | undefined, ttl: number): void {
    this.#leave(ticket);
    if (execution === undefined || ticket.overtaken) return;
    if (execution.revision < ticket.revisionMin) return;
    const kept = this.#entries.get(ticket.key);
    if (kept === undefined || kept.execution.revision <= execution.revision) {
      this.#put(ticket, execution, ttl);
    }
  }

  /**
   * Notes that a write ended.
   *
   * @param written - Undefined: it failed, and may have been done.
   */
  endWrite(ticket: Ticket, written?: Written): void {
    this.#leave(ticket);
    for (const other of this.#underWay.get(ticket.key) ?? []) other.overtaken = true;
    const kept = this.#entries.get(ticket.key);
    const revision = written?.revision ?? 0n;
    if (kept !== undefined && revision > 0n && revision < kept.execution.revision) return;
    this.#drop(ticket.key);
    const overtaken = ticket.overtaken || revision < ticket.revisionMin;
    if (written?.execution !== undefined && !overtaken) {
      this.#put(ticket, written.execution, written.ttl);
    }
  }

  /** Drops all copies: a write ended, and it is not known of which execution. */
  clear(): void {
    for (const tickets of this.#underWay.values()) {
      for (const ticket of tickets) ticket.overtaken = true;
    }
    this.#entries.clear();
    this.#bytes = 0;
  }

  /** Notes that from now on every change in a namespace will be told. */
  watchStands(namespace: string): void {
    for (const tickets of this.#underWay.values()) {
      for (const ticket of tickets) {
        if (ticket.namespace === namespace) ticket.overtaken = true;
      }
    }
    this.#watched.set(namespace, true);
  }

  /** Notes that changes in a namespace may not be told, and drops its copies. */
  watchBroke(namespace: string): void {
    this.#watched.set(namespace, false);
    for (const [key, entry] of this.#entries) {
      if (entry.namespace === namespace) this.#drop(key);
    }
  }

  /** Notes that somebody has changed an execution. */
  changed(at: CacheKey, revision: number): void {
    const key = at.text;
    const changed = BigInt(revision);
    for (const ticket of this.#underWay.get(key) ?? []) {
      if (ticket.revisionMin < changed) ticket.revisionMin = changed;
    }
    const kept = this.#entries.get(key);
    if (kept !== undefined && kept.execution.revision < changed) this.#drop(key);
  }

  #leave(ticket: Ticket): void {
    const tickets = this.#underWay.get(ticket.key);
    tickets?.delete(ticket);
    if (tickets?.size === 0) this.#underWay.delete(ticket.key);
  }

  #put({ key, namespace }: Ticket, execution: Execution, ttl: number): void {
    this.#drop(key);
    if (this.#watch !== undefined && this.#watched.get(namespace) !== true) return;
    const size = sizeOf(ExecutionSchema, execution);
    const left = Math.min(ttl, this.#lifeLeft(execution));
    if (size > this.#bounds.bytesMax || left <= 0) return;
    const freshUntil = this.#bounds.monotonic() + left;
    this.#entries.set(key, { namespace, execution, size, freshUntil });
    this.#bytes += size;
    for (const oldest of this.#entries.keys()) {
      if (
        this.#entries.size <= this.#bounds.executionsMax &&
        this.#bytes <= this.#bounds.bytesMax
      ) {
        break;
      }
      this.#drop(oldest);
    }
  }

  // The server reads an execution as absent from its expireTime on, and as changed from
  // that of an open pause on: the copy must not live longer.
  #lifeLeft(execution: Execution): number {
    const ends: (Timestamp | undefined)[] = [execution.expireTime];
    for (const pause of execution.pauses) {
      if (pause.status === PauseStatus.OPEN) ends.push(pause.expireTime);
    }
    const now = this.#bounds.wallClock();
    const left = ends.map((end) => (end === undefined ? Infinity : fromTimestamp(end) - now));
    return Math.min(...left);
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.size;
  }
}

/** What a cache knows an execution by. */
export function cacheKey({
  namespace,
  executionId,
}: Pick<ExecutionRef, "namespace" | "executionId">): CacheKey {
  // A namespace has no slash.
  return { namespace, text: `${namespace}/${executionId}` };
}
