/** Sends calls over a gRPC channel. */
import { type DescMethod, fromBinary, type Message } from "@bufbuild/protobuf";
import {
  type ChannelCredentials,
  Client as GrpcClient,
  type ClientReadableStream,
  Metadata,
  status as Code,
} from "@grpc/grpc-js";

import { CallCancelledError, type StateError, UnavailableError } from "../errors.js";
import { type BatchResponse, BatchResponseSchema } from "../gen/statekeeper/v1/batch_pb.js";
import { OperationSchema } from "../gen/statekeeper/v1/operation_pb.js";
import { StateManager } from "../gen/statekeeper/v1/state_manager_pb.js";
import { Backoff } from "./backoff.js";
import type { Call, Page } from "./call.js";
import { Failure, failureOf } from "./failure.js";
import { Pipeline } from "./pipeline.js";
import { CHANNEL_OPTIONS, checkSize, CLOSED, mayBeDone, retryDelay, type Route } from "./route.js";
import { Stream } from "./stream.js";
import { onAbort, sleep, throwIfAborted } from "./waiting.js";

/** What is larger shares no message that others wait for. */
const OPERATION_BYTES_MAX = 64 * 1024;
// With less time than this nothing is sent any more.
const SEND_MS_MIN = 1;

// Locks are left out: a call that waits must be one that can be cancelled.
const OPERATIONS: ReadonlyMap<string, number> = new Map(
  OperationSchema.fields
    .filter((field) => field.oneof !== undefined && !/lock$/i.test(field.localName))
    .map((field) => [field.localName, field.number]),
);

interface Cancellable {
  cancel(): void;
}

/** One connection to a server, for any number of calls at a time. */
export class Channel {
  readonly route: Route;
  readonly #client: GrpcClient;
  readonly #token: string | undefined;
  readonly #pipeline: Pipeline;
  readonly #underWay = new Set<Cancellable>();
  #closed = false;

  /**
   * @param route - Where to and for how long.
   * @param credentials - gRPC's.
   * @param token - A bearer token to send with every call; undefined: none.
   */
  constructor(route: Route, credentials: ChannelCredentials, token?: string) {
    this.route = route;
    this.#token = token;
    this.#client = new GrpcClient(route.target, credentials, CHANNEL_OPTIONS);
    this.#pipeline = new Pipeline(
      (waitForReady) =>
        this.#client.makeBidiStreamRequest<Buffer, BatchResponse>(
          pathOf(StateManager.method.pipeline),
          asIs,
          (bytes) => fromBinary(BatchResponseSchema, bytes),
          this.#metadata(waitForReady),
        ),
      route,
    );
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Sends a call and gives what comes of it; throws a StateError. */
  async send<Result>(call: Call<Result>, signal?: AbortSignal): Promise<Result> {
    try {
      throwIfAborted(signal);
      const size = checkSize(call);
      return call.read(await this.#insist(call, size, signal));
    } catch (error) {
      call.giveUp(error);
      if (call.cleanup !== undefined && mayBeDone(error)) this.post(call.cleanup);
      throw error;
    }
  }

  /** Sends a call and waits for nothing; what becomes of it is nobody's concern. */
  post(call: Call<unknown>): void {
    this.send(call).catch(() => undefined);
  }

  /** Opens the stream of a call, and waits for nothing; throws a CallCancelledError. */
  open<Result>(call: Call<Result>): Stream<Result> {
    this.#checkOpen();
    // A server that is away is told at once: whoever reads knows how to go on.
    const messages: ClientReadableStream<Message> = this.#client.makeServerStreamRequest(
      pathOf(call.method),
      asIs,
      (bytes: Buffer) => fromBinary(call.method.output, bytes),
      call.encode(),
      this.#metadata(false),
    );
    this.#underWay.add(messages);
    messages.on("status", () => this.#underWay.delete(messages));
    return new Stream(messages, call, this.route);
  }

  /**
   * Gives the items of all pages of a list, each page fetched when it is needed.
   *
   * @param first - The call for the first page.
   * @param following - Makes the call for the page of a token.
   */
  async *pages<Item>(
    first: Call<Page<Item>>,
    following: (pageToken: string) => Call<Page<Item>>,
    signal?: AbortSignal,
  ): AsyncGenerator<Item, void, undefined> {
    let page = await this.send(first, signal);
    for (;;) {
      yield* page.items;
      if (page.nextPageToken === "") return;
      page = await this.send(following(page.nextPageToken), signal);
    }
  }

  /** The same, all at once. */
  async collect<Item>(
    first: Call<Page<Item>>,
    following: (pageToken: string) => Call<Page<Item>>,
    signal?: AbortSignal,
  ): Promise<Item[]> {
    const items: Item[] = [];
    for await (const item of this.pages(first, following, signal)) items.push(item);
    return items;
  }

  /** Closes the connection; calls under way end in CallCancelledError. */
  close(): void {
    this.#closed = true;
    this.#pipeline.close();
    for (const call of this.#underWay) call.cancel();
    this.#client.close();
  }

  /** Sends a call, again where that can help, until its time is over. */
  async #insist(call: Call<unknown>, size: number, signal?: AbortSignal): Promise<Message> {
    const timeoutMs = this.route.timeoutOf(call);
    const began = performance.now();
    const ends = began + timeoutMs;
    const backoff = new Backoff(timeoutMs);
    for (let attempt = 1; ; attempt++) {
      this.#checkOpen();
      try {
        const left = Math.max(ends - performance.now(), SEND_MS_MIN);
        const response = await this.#sendOnce(call, size, left, signal);
        this.route.hear();
        return response;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        const failed = this.route.translate(error, call);
        const delayMs =
          this.#reconnectDelay(error, failed, backoff, began) ??
          retryDelay(failed, attempt, error.pushbackMs);
        if (delayMs === undefined || delayMs >= ends - performance.now()) throw failed;
        await sleep(delayMs, signal);
      }
    }
  }

  /** After which time to look for the server again; undefined: that is not what failed. */
  #reconnectDelay(
    failure: Failure,
    error: StateError,
    backoff: Backoff,
    began: number,
  ): number | undefined {
    if (this.#closed || failure.pushbackMs !== undefined) return undefined;
    // CANCELLED is what a server that stops says to the calls it cuts off.
    if (!(error instanceof UnavailableError || error instanceof CallCancelledError)) {
      return undefined;
    }
    const delayMs = backoff.delay();
    if (delayMs === undefined) return undefined;
    const waited = performance.now() - began + delayMs;
    return waited < this.route.patienceMs || this.route.answered ? delayMs : undefined;
  }

  #sendOnce(
    call: Call<unknown>,
    size: number,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Message> {
    const field = OPERATIONS.get(call.method.localName);
    return field !== undefined && size <= OPERATION_BYTES_MAX
      ? this.#pipeline.call(field, call, timeoutMs, signal)
      : this.#sendAlone(call, timeoutMs, signal);
  }

  #sendAlone(call: Call<unknown>, timeoutMs: number, signal?: AbortSignal): Promise<Message> {
    return new Promise((resolve, reject) => {
      const sent = this.#client.makeUnaryRequest<Buffer, Message>(
        pathOf(call.method),
        asIs,
        (bytes) => fromBinary(call.method.output, bytes),
        call.encode(),
        this.#metadata(this.route.answered),
        { deadline: Date.now() + timeoutMs },
        (error, response) => {
          stop();
          this.#underWay.delete(sent);
          if (error !== null) reject(failureOf(error));
          else if (response !== undefined) resolve(response);
          else reject(new Failure(Code.INTERNAL, "the server sent no response"));
        },
      );
      this.#underWay.add(sent);
      const stop = onAbort(signal, (error) => {
        reject(error);
        sent.cancel();
      });
    });
  }

  #metadata(waitForReady: boolean): Metadata {
    const metadata = new Metadata({ waitForReady });
    if (this.#token !== undefined) metadata.set("authorization", `Bearer ${this.#token}`);
    return metadata;
  }

  #checkOpen(): void {
    if (this.#closed) throw new CallCancelledError(CLOSED);
  }
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function asIs(encoded: Buffer): Buffer {
  return encoded;
}
