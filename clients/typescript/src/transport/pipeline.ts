/**
 * Many calls in one stream: what waits while a message is under way goes into the next.
 *
 * Nothing waits for company: what is called in one turn of the event loop goes into one
 * message, and what is called while that is being written into the one after it.
 *
 * When the stream breaks, what has no answer is sent again on a new one, in the same
 * order. That is safe: reads change nothing, and writes carry a request id.
 */
import type { Message } from "@bufbuild/protobuf";
import { type ClientDuplexStream, status as Code, type StatusObject } from "@grpc/grpc-js";

import type { BatchResponse } from "../gen/statekeeper/v1/batch_pb.js";
import type { OperationResult } from "../gen/statekeeper/v1/operation_pb.js";
import { ReverseWriter } from "../protobuf/reverse-writer.js";
import { Backoff } from "./backoff.js";
import { type BatchOperation, writeBatchRequest } from "./batch-request.js";
import type { Call } from "./call.js";
import { Failure, failureOf, failureOfOperation } from "./failure.js";
import { Outstanding } from "./outstanding.js";
import { CLOSED, FIND_MS, type Route } from "./route.js";
import { after, onAbort, sleep } from "./waiting.js";

const MESSAGE_OPERATIONS_MAX = 500;
const MESSAGE_BYTES_MAX = 256 * 1024;
const WRITER_BYTES = 16 * 1024;

/** What calls of the stream are: encoded batches go, answers come. */
export type PipelineStream = ClientDuplexStream<Buffer, BatchResponse>;

/** A call without an answer. */
interface Pending {
  readonly field: number;
  readonly call: Call<unknown>;
  readonly deadline: number;
  succeed(response: Message): void;
  fail(error: Error): void;
}

/** One stream, as long as it lasts. */
interface Use {
  readonly stream: PipelineStream;
  /**
   * Where each message is written. That of the message before may be overwritten once it
   * is said to be sent: gRPC then has a copy, with what it puts in front.
   */
  readonly writer: ReverseWriter;
  writing: boolean;
}

export class Pipeline {
  readonly #open: (waitForReady: boolean) => PipelineStream;
  readonly #route: Route;
  // By their tags.
  readonly #outstanding = new Outstanding<Pending>();
  /** The first tag that was not sent on the stream. */
  #unsent = 1;
  #use: Use | undefined;
  #running = false;
  #flushes = false;
  #closed = false;

  /**
   * @param open - Opens a stream; told whether to wait until the server is there.
   * @param route - Where it goes.
   */
  constructor(open: (waitForReady: boolean) => PipelineStream, route: Route) {
    this.#open = open;
    this.#route = route;
  }

  /**
   * Does one operation, and gives its response.
   *
   * @param field - The number of its request in Operation.
   * @param call - The operation.
   * @param timeoutMs - How long it may take.
   * @throws Failure - It did not succeed.
   * @throws CallCancelledError - The signal was aborted.
   */
  call(
    field: number,
    call: Call<unknown>,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Message> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        stop();
      };
      const tag = this.#outstanding.add({
        field,
        call,
        deadline: performance.now() + timeoutMs,
        succeed: (response) => {
          end();
          resolve(response);
        },
        fail: (error) => {
          end();
          reject(error);
        },
      });
      const fail = (error: Error): void => {
        this.#outstanding.remove(tag)?.fail(error);
      };
      const timer = after(timeoutMs, () => {
        fail(new Failure(Code.DEADLINE_EXCEEDED, "no answer in time"));
      });
      const stop = onAbort(signal, fail);
      this.#wake();
    });
  }

  /** Ends the stream; calls under way end in CANCELLED. */
  close(): void {
    this.#closed = true;
    this.#use?.stream.cancel();
    this.#failAll(new Failure(Code.CANCELLED, CLOSED));
  }

  #wake(): void {
    if (!this.#running) {
      this.#running = true;
      void this.#keepGoing();
    } else if (this.#use !== undefined && !this.#use.writing && !this.#flushes) {
      this.#flushes = true;
      // All that is called in this turn of the event loop goes together.
      setImmediate(() => {
        this.#flushes = false;
        this.#write();
      });
    }
  }

  /** Opens streams until there is nothing to send. */
  async #keepGoing(): Promise<void> {
    let backoff = new Backoff(FIND_MS);
    while (!this.#closed && this.#outstanding.size > 0) {
      const failure = failureOf(await this.#useStream());
      if (!isBroken(failure)) {
        this.#failAll(failure);
        break;
      }
      let delayMs = failure.pushbackMs ?? backoff.delay();
      if (delayMs === undefined) {
        if (!this.#route.answered) {
          this.#failAll(failure);
          break;
        }
        backoff = new Backoff(FIND_MS);
        delayMs = 0;
      }
      await sleep(delayMs);
    }
    this.#running = false;
  }

  /** Sends and receives until the stream ends, and gives how it did. */
  #useStream(): Promise<StatusObject> {
    // What an earlier stream has left without an answer comes first.
    this.#unsent = this.#outstanding.begin;
    const stream = this.#open(this.#route.answered);
    this.#use = { stream, writer: new ReverseWriter(WRITER_BYTES), writing: false };
    return new Promise((resolve) => {
      stream.on("data", (message: BatchResponse) => {
        this.#route.hear();
        for (const result of message.results) this.#answer(result);
      });
      // How it has ended is told by its status, too.
      stream.on("error", () => undefined);
      stream.on("status", (status) => {
        this.#use = undefined;
        resolve(status);
      });
      this.#write();
    });
  }

  #write(): void {
    const use = this.#use;
    if (use === undefined || use.writing) return;
    const operations = this.#take();
    if (operations.length === 0) return;
    use.writer.clear();
    writeBatchRequest(use.writer, operations);
    use.writing = true;
    use.stream.write(use.writer.written, () => {
      use.writing = false;
      if (this.#use === use) this.#write();
    });
  }

  /** Takes from what waits, up to what a message may have. */
  #take(): BatchOperation[] {
    const now = performance.now();
    const operations: BatchOperation[] = [];
    let size = 0;
    for (; this.#unsent < this.#outstanding.end; this.#unsent++) {
      const pending = this.#outstanding.get(this.#unsent);
      if (pending === undefined) continue;
      const { field, call, deadline } = pending;
      size += call.size;
      const full = operations.length === MESSAGE_OPERATIONS_MAX || size > MESSAGE_BYTES_MAX;
      if (full && operations.length > 0) break;
      const timeoutMs = Math.max(0, deadline - now);
      operations.push({ tag: this.#unsent, field, call, timeoutMs });
    }
    return operations;
  }

  #answer(result: OperationResult): void {
    const pending = this.#outstanding.remove(Number(result.tag));
    // Nobody waits for it any more.
    if (pending === undefined) return;
    const { response } = result;
    if (response.case === undefined) {
      pending.fail(new Failure(Code.INTERNAL, "the server sent an empty result"));
    } else if (response.case === "error") {
      pending.fail(failureOfOperation(response.value));
    } else {
      pending.succeed(response.value);
    }
  }

  #failAll(failure: Failure): void {
    const { begin, end } = this.#outstanding;
    for (let tag = begin; tag < end; tag++) this.#outstanding.remove(tag)?.fail(failure);
  }
}

/** Tells whether a stream ended because the way to the server broke, or the server stops. */
export function isBroken(failure: Failure): boolean {
  if (failure.pushbackMs !== undefined && failure.pushbackMs < 0) return false;
  switch (failure.code) {
    case Code.OK:
    case Code.UNAVAILABLE:
    case Code.CANCELLED:
      return true;
    case Code.INTERNAL:
      // So grpc-js calls a stream or a connection that was reset in its midst.
      return failure.status === undefined && /RST_STREAM|ECONNRESET|EPIPE/.test(failure.details);
    default:
      return false;
  }
}
