/** One call: what is sent, and what becomes of the answer. */
import type { DescMessage, DescMethod, Message, MessageShape } from "@bufbuild/protobuf";

import { encode, sizeOf } from "../protobuf/encoding.js";
import type { ExecutionRef } from "../requests/execution.js";

/** An RPC, with its messages. */
export type Method<Request extends DescMessage, Response extends DescMessage> = DescMethod & {
  readonly input: Request;
  readonly output: Response;
};

/** What may be said of a call beside its request. */
export interface CallTraits {
  /**
   * Notes that there is no usable response, because of this error; harmless when it comes
   * after the response was read.
   */
  giveUp?: ((error: unknown) => void) | undefined;
  /** For how long the server may take its time on purpose, beside the client's timeout. */
  waitMs?: number | undefined;
  /** After this time the answer is of no use. */
  timeoutMsMax?: number | undefined;
  /**
   * What to send, and not wait for, when this one ended without an answer and may have
   * been done all the same.
   */
  cleanup?: Call<unknown> | undefined;
}

/** One call, ready to be sent. It must end in `read` or in `giveUp`. */
export class Call<out Result> {
  readonly giveUp: (error: unknown) => void;
  readonly waitMs: number;
  readonly timeoutMsMax: number;
  readonly cleanup: Call<unknown> | undefined;
  #size: number | undefined;

  private constructor(
    /** The RPC. */
    readonly method: DescMethod,
    /** Its request, which must not be changed any more. */
    readonly request: Message,
    /** The execution it is about. */
    readonly execution: ExecutionRef,
    /** Reads the response, or each message of a stream, and notes what it means. */
    readonly read: (response: Message) => Result,
    traits: CallTraits,
  ) {
    this.giveUp = traits.giveUp ?? (() => undefined);
    this.waitMs = traits.waitMs ?? 0;
    this.timeoutMsMax = traits.timeoutMsMax ?? Number.POSITIVE_INFINITY;
    this.cleanup = traits.cleanup;
  }

  static of<Request extends DescMessage, Response extends DescMessage, Result>(
    method: Method<Request, Response>,
    request: MessageShape<Request>,
    execution: ExecutionRef,
    read: (response: MessageShape<Response>) => Result,
    traits: CallTraits = {},
  ): Call<Result> {
    // Whoever sends it decodes the response by the same method.
    return new Call(method, request, execution, read as (response: Message) => Result, traits);
  }

  /** How many bytes the request takes. */
  get size(): number {
    this.#size ??= sizeOf(this.method.input, this.request);
    return this.#size;
  }

  /** Gives the encoded request. */
  encode(): Buffer {
    return encode(this.method.input, this.request);
  }

  /** Gives the same call with another result. */
  map<Other>(change: (result: Result) => Other): Call<Other> {
    return new Call(this.method, this.request, this.execution, (m) => change(this.read(m)), this);
  }
}

/** Some items of a list, and the token of the next page (empty: the last). */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextPageToken: string;
}
