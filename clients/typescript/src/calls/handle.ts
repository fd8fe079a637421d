/** What all calls of a handle have in common. */
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";

import { type Cache, cacheKey, type CacheKey, type Ticket } from "../cache.js";
import { Grants } from "../grants.js";
import { located } from "../located.js";
import type { ExecutionRef } from "../requests/execution.js";
import { type HasResult, resultOf } from "../responses.js";
import { Call, type CallTraits, type Method } from "../transport/call.js";
import type { Channel } from "../transport/channel.js";

/** One execution, and how its calls are made and sent. */
export class Handle {
  /** What it was granted of its lock. */
  readonly grants = new Grants();
  /** What the cache knows it by. */
  readonly key: CacheKey;

  /**
   * @param execution - The execution.
   * @param channel - The client's.
   * @param cache - The client's, which every write has to tell.
   * @param cacheTtl - How long (ms) a copy may be given out; 0: never.
   */
  constructor(
    readonly execution: ExecutionRef,
    readonly channel: Channel,
    readonly cache: Cache,
    readonly cacheTtl: number,
  ) {
    this.key = cacheKey(execution);
  }

  /** The token of the lock under which is written; 0: none. */
  get fencingToken(): number {
    return this.grants.under()?.fencingToken ?? 0;
  }

  /** Runs a function, whose errors name the execution. */
  located<Result>(run: () => Result): Result {
    return located(this.execution, run);
  }

  /** Makes a call that the cache has no part in; `make` makes its request. */
  plain<Request extends DescMessage, Response extends DescMessage, Result>(
    method: Method<Request, Response>,
    make: () => MessageShape<Request>,
    read: (response: MessageShape<Response>) => Result,
    traits?: CallTraits,
  ): Call<Result> {
    const finish = (response: MessageShape<Response>): Result => this.located(() => read(response));
    return Call.of(method, this.located(make), this.execution, finish, traits);
  }

  /** Makes a call after which the cache's copy is no longer of use. */
  write<Request extends DescMessage, Response extends DescMessage, Result>(
    method: Method<Request, Response>,
    make: () => MessageShape<Request>,
    read: (response: MessageShape<Response>) => Result,
  ): Call<Result> {
    const request = this.located(make);
    const ticket = this.cache.begin(this.key, false);
    const finish = (response: MessageShape<Response>): Result => {
      const { revision } = resultOf(response as HasResult);
      this.cache.endWrite(ticket, { revision, ttl: 0 });
      return this.located(() => read(response));
    };
    return Call.of(method, request, this.execution, finish, this.failing(ticket));
  }

  /** What tells the cache that a write failed, and may be done all the same. */
  failing(ticket: Ticket): CallTraits {
    return {
      giveUp: () => {
        this.cache.endWrite(ticket);
      },
    };
  }
}
