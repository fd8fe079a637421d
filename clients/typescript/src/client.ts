/** The client of a server. */
import { checkedText } from "./arguments.js";
import { Cache } from "./cache.js";
import { getAnyPauseCall, listCall, listPausesCall, resumeAnyCall } from "./calls/inbox.js";
import { type ClientParts, keepParts } from "./handles.js";
import type { LoadedState, Pause } from "./model/execution.js";
import type { ResumeResult, ResumeToken } from "./model/results.js";
import type { ListOptions, PauseListOptions } from "./requests/paging.js";
import type { CallOptions, WriteOptions } from "./requests/write.js";
import { type HandleOptions, StateManager } from "./state-manager.js";
import { Channel } from "./transport/channel.js";
import { channelCredentials, checkedToken, type TlsOptions } from "./transport/credentials.js";
import { Route, TARGET_DEFAULT, TIMEOUT_MS_DEFAULT } from "./transport/route.js";
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
}

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
        : checkedToken(options.token, route.target, credentials._isSecure());
    this.#parts = { channel: new Channel(route, credentials, token), cache: new Cache(), actor };
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

  /** Closes the connection; calls under way end in CallCancelledError. */
  close(): void {
    this.#parts.channel.close();
  }

  /** The same, for `using client = new Client(...)`. */
  [Symbol.dispose](): void {
    this.close();
  }
}
