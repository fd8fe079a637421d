/** Many calls in few messages: what goes into each, and what becomes of every call. */
import { create } from "@bufbuild/protobuf";
import { status as Code } from "@grpc/grpc-js";

import { CallCancelledError, StateError } from "./errors.js";
import { BatchRequestSchema, type BatchResponse } from "./gen/statekeeper/v1/batch_pb.js";
import {
  type Operation as OperationMessage,
  type OperationResult,
  OperationResultSchema,
  OperationSchema,
} from "./gen/statekeeper/v1/operation_pb.js";
import { StateManager } from "./gen/statekeeper/v1/state_manager_pb.js";
import { Call } from "./transport/call.js";
import type { Channel } from "./transport/channel.js";
import { Failure, failureOfOperation } from "./transport/failure.js";
import {
  checkSize,
  hasNoRoom,
  isUnheard,
  MESSAGE_BYTES_MAX,
  retryDelay,
} from "./transport/route.js";
import { sleep } from "./transport/waiting.js";

/** How many operations a message may have. */
const OPERATIONS_MAX = 1_000;
// What a request takes in a message beside its own bytes, at most.
const ENTRY_BYTES = 16;
const NO_RESULT = create(OperationResultSchema);
const EVERYWHERE = { namespace: "", executionId: "", actor: "" };

/** What became of an operation of a batch: its result, or why there is none. */
export type Outcome<Result> = Result | StateError;

/**
 * Gives the results of a batch where there are no errors; throws the first one otherwise.
 */
export function throwFirst<Result>(outcomes: readonly Outcome<Result>[]): Result[] {
  return outcomes.map((outcome) => {
    if (outcome instanceof StateError) throw outcome;
    return outcome;
  });
}

/** Sends many calls in few messages, and gives what becomes of each. */
export async function sendBatch(
  channel: Channel,
  calls: readonly Call<unknown>[],
  signal?: AbortSignal,
): Promise<Outcome<unknown>[]> {
  const batch = new Batch(channel, calls, signal);
  await batch.send();
  return batch.outcomes;
}

/**
 * The calls of a batch.
 *
 * Those on one execution are done in their order. So a message is sent when the one before
 * it is done with, and what was refused for now is sent again only where nothing after it,
 * on the same execution, was done.
 */
class Batch {
  readonly outcomes: Outcome<unknown>[];
  readonly #open: Set<number>;

  constructor(
    private readonly channel: Channel,
    private readonly calls: readonly Call<unknown>[],
    private readonly signal: AbortSignal | undefined,
  ) {
    this.outcomes = new Array<unknown>(calls.length).fill(undefined);
    this.#open = new Set(calls.keys());
  }

  async send(): Promise<void> {
    try {
      const waiting = this.#sizes();
      while (waiting.size > 0) {
        const error = await this.#deliver(take(waiting));
        if (error !== undefined) {
          // Who does not answer one message will not answer the others, and each would be
          // waited for in vain.
          this.#failAll(waiting.keys(), error);
          return;
        }
      }
    } finally {
      this.#failAll([...this.#open], new CallCancelledError("the batch was given up"));
    }
  }

  /** What the calls take in a message, by their numbers; without those that never fit. */
  #sizes(): Map<number, number> {
    const sizes = new Map<number, number>();
    for (const [number, call] of this.calls.entries()) {
      try {
        sizes.set(number, checkSize(call) + ENTRY_BYTES);
      } catch (error) {
        if (!(error instanceof StateError)) throw error;
        this.#end(number, error);
      }
    }
    return sizes;
  }

  /** Sends some calls, again where that can help; gives what ends the whole batch. */
  async #deliver(numbers: number[]): Promise<StateError | undefined> {
    const ends = performance.now() + this.channel.route.timeoutMs;
    let delayMs = 0;
    for (let attempt = 1; numbers.length > 1; attempt++) {
      await sleep(delayMs, this.signal);
      const message = this.#message(numbers, ends - performance.now());
      const error = await this.#sent(message);
      if (error !== undefined) {
        this.#failAll(numbers, error);
        return error;
      }
      const crowded = numbers.some((number) => hasNoRoom(this.outcomes[number]));
      const delays = this.#delays(numbers, attempt, ends - performance.now());
      for (const number of numbers) {
        const outcome = this.outcomes[number];
        if (!delays.has(number) && outcome instanceof StateError) this.#end(number, outcome);
      }
      numbers = numbers.filter((number) => delays.has(number));
      delayMs = Math.max(0, ...delays.values());
      if (crowded) break;
    }
    for (const number of numbers) {
      await sleep(delayMs, this.signal);
      delayMs = 0;
      const error = await this.#sent(this.#single(number));
      if (error === undefined) continue;
      this.#end(number, error);
      if (isUnheard(error)) {
        this.#failAll(
          numbers.filter((each) => this.#open.has(each)),
          error,
        );
        return error;
      }
    }
    return undefined;
  }

  /** Sends a call; gives its error. */
  async #sent(call: Call<unknown>): Promise<StateError | undefined> {
    try {
      await this.channel.send(call, this.signal);
      return undefined;
    } catch (error) {
      // Who gives up the batch wants none of its outcomes.
      if (error instanceof StateError && this.signal?.aborted !== true) return error;
      throw error;
    }
  }

  /** Makes the call that does several. */
  #message(numbers: readonly number[], timeoutMsMax: number): Call<void> {
    const operations = numbers.map((number) => toOperation(this.#call(number)));
    return Call.of(
      StateManager.method.batch,
      create(BatchRequestSchema, { operations }),
      EVERYWHERE,
      ({ results }: BatchResponse) => {
        for (const [at, number] of numbers.entries()) this.#read(number, results[at]);
      },
      { timeoutMsMax },
    );
  }

  /** Makes the call that does one. */
  #single(number: number): Call<void> {
    return this.#call(number).map((result) => {
      this.outcomes[number] = result;
      this.#open.delete(number);
    });
  }

  #read(number: number, result: OperationResult | undefined): void {
    const call = this.#call(number);
    const { response } = result ?? NO_RESULT;
    if (response.case === undefined || response.case === "error") {
      const failure =
        response.case === "error"
          ? failureOfOperation(response.value)
          : new Failure(Code.INTERNAL, "the server sent no result");
      // It may be tried again, and has not ended.
      this.outcomes[number] = this.channel.route.translate(failure, call);
      return;
    }
    try {
      this.outcomes[number] = call.read(response.value);
      this.#open.delete(number);
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      this.#end(number, error);
    }
  }

  /**
   * After which time to send calls again, by number; without those that stay as they are.
   *
   * From behind: where a call is done, or refused for good, nothing before it on the same
   * execution may be done any more.
   */
  #delays(numbers: readonly number[], attempt: number, left: number): Map<number, number> {
    const delays = new Map<number, number>();
    const passed = new Set<string>();
    for (const number of [...numbers].reverse()) {
      const { namespace, executionId } = this.#call(number).execution;
      const key = `${namespace}/${executionId}`;
      const outcome = this.outcomes[number];
      let delayMs: number | undefined;
      if (outcome instanceof StateError) {
        delayMs = hasNoRoom(outcome) ? 0 : retryDelay(outcome, attempt);
      }
      if (delayMs === undefined || delayMs >= left) passed.add(key);
      else if (!passed.has(key)) delays.set(number, delayMs);
    }
    return delays;
  }

  /** Ends calls with an error that is not theirs alone. */
  #failAll(numbers: Iterable<number>, error: StateError): void {
    for (const number of numbers) {
      const { namespace, executionId } = this.#call(number).execution;
      const facts = { namespace, executionId, cause: error };
      this.#end(number, Object.assign(copyOf(error), facts));
    }
  }

  #end(number: number, error: StateError): void {
    this.outcomes[number] = error;
    this.#open.delete(number);
    this.#call(number).giveUp(error);
  }

  #call(number: number): Call<unknown> {
    const call = this.calls[number];
    if (call === undefined) throw new RangeError(`there is no call ${String(number)}`);
    return call;
  }
}

function copyOf(error: StateError): StateError {
  const prototype = Object.getPrototypeOf(error) as object;
  return Object.create(prototype, Object.getOwnPropertyDescriptors(error)) as StateError;
}

function toOperation(call: Call<unknown>): OperationMessage {
  // The operations are called as the methods are, and take their requests.
  const operation = { case: call.method.localName, value: call.request };
  return create(OperationSchema, { operation: operation as OperationMessage["operation"] });
}

/** Takes what goes into the next message from the calls that wait, given with their sizes. */
function take(waiting: Map<number, number>): number[] {
  const taken: number[] = [];
  let size = 0;
  for (const [number, bytes] of waiting) {
    size += bytes;
    if (taken.length === OPERATIONS_MAX || (taken.length > 0 && size > MESSAGE_BYTES_MAX)) break;
    taken.push(number);
    waiting.delete(number);
  }
  return taken;
}
