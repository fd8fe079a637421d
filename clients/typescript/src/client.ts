/** The client of a server. */
import { checkedText } from "./arguments.js";
import { type Outcome, sendBatch } from "./batch.js";
import { Cache } from "./cache.js";
import { keepCacheFresh } from "./cache-watch.js";
import { getAnyPauseCall, listCall, listPausesCall, resumeAnyCall } from "./calls/inbox.js";
import { Following } from "./following.js";
import { type ClientParts, keepParts } from "./handles.js";
import type { LoadedState, Pause } from "./model/execution.js";
import type { ResumeResult, ResumeToken } from "./model/results.js";
import { type Operation, toCalls } from "./operations.js";
import { checkedNamespace } from "./requests/execution.js";
import type { ListOptions, PauseListOptions } from "./requests/paging.js";
import { checkedWatch, type NamespaceWatchOptions } from "./requests/watch.js";
import type { CallOptions, WriteOptions } from "./requests/write.js";
import { type HandleOptions, StateManager } from "./state-manager.js";
import { Channel } from "./transport/channel.js";
import { channelCredentials, checkedToken, type TlsOptions } from "./transport/credentials.js";
import { Route, TARGET_DEFAULT, TIMEOUT_MS_DEFAULT } from "./transport/route.js";
import { Watch } from "./watch.js";
import type { DocumentInput } from "./values/documents.js";

/** How to reach a server. */
export interface ClientOptions {
  /** For TLS; true: with nothing of one's own. Left out: no TLS. */
  tls?: TlsOptions | boolean | undefined;
  /**
   * A bearer token, sent with every call. Without TLS it is refused for any server but one
   * on this machine.
   */
  token?: string | undefined;
  /** How long a call may take (ms), retries included; left out: 10 s. */
  timeout?: number | undefined;
  /** Who writes, for the history; handles and writes may say otherwise. */
  actor?: string | undefined;
  /**
   * Whether handles with a `cache` see the writes of others at once: each namespace in
   * which there are such handles is watched, and while its watch is broken nothing of it
   * is cached. Where the server falls silent, that is noticed after half a minute.
   */
  cacheWatch?: boolean | undefined;
}

/** What a batch gives for its operations. */
export type Outcomes<Operations extends readonly Operation<unknown>[]> = {
  -readonly [Position in keyof Operations]: Operations[Position] extends Operation<infer Result>
    ? Outcome<Result>
    : never;
};

/**
 * Talks to a statekeeper server.
 *
 * ```ts
 * const client = new Client("127.0.0.1:7460");
 * const sm = client.stateManager("exec_abc123", { namespace: "orders" });
 * await sm.save({ status: "running", context: { userId: "user_123" } });
 * const state = await sm.load();
 * client.close();
 * ```
 *
 * Calls that are made at the same time share messages, whoever makes them. Once it was
 * used, a client keeps its connection, and so the process, until it is closed.
 */
export class Client implements Disposable {
  readonly #parts: ClientParts;

  /**
   * Makes a client; talks to nobody yet.
   *
   * @param target - The server's address: `host:port`, or a gRPC name.
   * @throws InvalidRequestError - An argument is of no use.
   */
  constructor(target: string = TARGET_DEFAULT, options: ClientOptions = {}) {
    const actor = checkedText("actor", options.actor ?? "");
    const route = new Route(target, options.timeout ?? TIMEOUT_MS_DEFAULT);
    const credentials = channelCredentials(options.tls);
    const token =
      options.token === undefined
        ? undefined
        : checkedToken(
            options.token,
            route.target,
            options.tls !== undefined && options.tls !== false,
          );
    const channel = new Channel(route, credentials, token);
    const watch = (namespace: string): void => void keepCacheFresh(cache, channel, namespace);
    const cache: Cache = new Cache(options.cacheWatch === true ? watch : undefined);
    this.#parts = { channel, cache, actor };
    keepParts(this, this.#parts);
  }

  /**
   * Gives the handle of one execution; talks to nobody.
   *
   * @throws InvalidRequestError - An argument is of no use.
   */
  stateManager(executionId: string, options: HandleOptions = {}): StateManager {
    return new StateManager({ ...options, client: this, executionId });
  }

  /**
   * Answers a pause of whichever execution the token leads to.
   *
   * @param input - The answer, kept with the pause.
   * @throws InvalidTokenError - The token is unknown, spent or expired.
   * @throws SerializationError - A value cannot be sent; names its path.
   * @throws StateTooLargeError - With the input it would be larger than 10 MiB.
   */
  async resume(
    token: ResumeToken | string,
    input?: DocumentInput,
    options: WriteOptions = {},
  ): Promise<ResumeResult> {
    const { channel, cache, actor } = this.#parts;
    return channel.send(resumeAnyCall(cache, actor, token, input, options), options.signal);
  }

  /**
   * Looks up the pause of a token, with what is known of its execution.
   *
   * @throws InvalidTokenError - The token is unknown, spent or expired.
   */
  async getPause(token: ResumeToken | string, options: CallOptions = {}): Promise<Pause> {
    return this.#parts.channel.send(getAnyPauseCall(token), options.signal);
  }

  /**
   * Gives the pauses of a namespace that wait for an answer, the oldest first, each with
   * what is known of its `execution`.
   */
  listPauses(options: PauseListOptions = {}): AsyncGenerator<Pause, void, undefined> {
    const page = (token?: string) => listPausesCall(options, token);
    return this.#parts.channel.pages(page(), page, options.signal);
  }

  /**
   * Gives the executions of a namespace that are what is asked for.
   *
   * One that exists all the while, and is what is asked for all the while, is given once,
   * whatever else changes meanwhile. They come in the order of their ids; with
   * `updatedAfter` in any order.
   *
   * @throws InvalidRequestError - An option is of no use.
   * @throws RevisionCompactedError - With `updatedAfter`, when the next page is fetched a
   * day or so later. Begin again.
   */
  list(options: ListOptions = {}): AsyncGenerator<LoadedState, void, undefined> {
    const page = (token?: string) => listCall(options, token);
    return this.#parts.channel.pages(page(), page, options.signal);
  }

  /**
   * Tells what happens to the executions of a namespace.
   *
   * ```ts
   * for await (const event of client.watch({ namespace: "orders", kinds: ["paused"] })) {
   *   console.log(event.executionId);
   * }
   * ```
   *
   * Once `ready` is awaited, or else at the first step, the watch stands: it tells
   * everything that happens later. The events of one execution come in the order of their
   * revisions.
   *
   * @throws InvalidRequestError - An option is of no use.
   */
  watch(options: NamespaceWatchOptions = {}): Watch {
    const scope = {
      namespace: checkedNamespace(options.namespace),
      executionId: "",
      actor: "",
    };
    const ask = checkedWatch(scope, options.idPrefix ?? "", options);
    return new Watch(this.#parts.channel, new Following(ask), options.signal);
  }

  /**
   * Does many operations on any executions, each for itself, in few messages.
   *
   * ```ts
   * const orders = ids.map((id) => client.stateManager(id));
   * const outcomes = await client.batch(
   *   orders.map((order) => order.operation.save({ status: "running" })),
   * );
   * throwFirst(outcomes); // the first error, if any
   * ```
   *
   * Those on one execution are done in their order; one that fails keeps no other from
   * being done. What an operation holds is read before the first is sent, so none can build
   * on what another gives. A message takes 1,000 operations and 16 MiB, what is more goes
   * into the next one, and the client's timeout is for each message. A message without an
   * answer ends the batch: the operations after it are not sent, and have its error.
   *
   * @returns What became of each, in their order: its result, or the StateError that the
   * handle's method would have thrown.
   * @throws InvalidRequestError - An argument is of no use; names the operation's position
   * (`operations[3].status`). Nothing was sent.
   * @throws SerializationError - A value cannot be sent; names the operation's position and
   * the path in it. Nothing was sent.
   */
  async batch<const Operations extends readonly Operation<unknown>[]>(
    operations: Operations,
    options: CallOptions = {},
  ): Promise<Outcomes<Operations>> {
    const { channel } = this.#parts;
    const outcomes = await sendBatch(channel, toCalls(operations, channel), options.signal);
    // What stands at a position came of the operation that stands there.
    return outcomes as Outcomes<Operations>;
  }

  /** Closes the connection; calls under way end in CallCancelledError. */
  close(): void {
    this.#parts.channel.close();
  }

  /** The same, for `using client = new Client(...)`. */
  [Symbol.dispose](): void {
    this.close();
  }
}
