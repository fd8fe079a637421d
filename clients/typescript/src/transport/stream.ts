/** The messages of a call whose response is a stream. */
import type { Message } from "@bufbuild/protobuf";
import { type ClientReadableStream, status as Code, type StatusObject } from "@grpc/grpc-js";

import type { Call } from "./call.js";
import { failureOf } from "./failure.js";
import { ENDED, type Route, silence } from "./route.js";
import { after } from "./waiting.js";

/** The messages of one call, read one by one, so that a slow reader slows the server. */
export class Stream<out Result> {
  #ended: StatusObject | undefined;
  #wake: () => void = () => undefined;

  constructor(
    private readonly messages: ClientReadableStream<Message>,
    private readonly call: Call<Result>,
    private readonly route: Route,
  ) {
    messages.on("readable", () => {
      this.#wake();
    });
    // How it has ended is told by its status, too.
    messages.on("error", () => undefined);
    messages.on("status", (status) => {
      this.#ended = status;
      this.#wake();
    });
  }

  /**
   * Waits for the next message.
   *
   * @param timeoutMs - For how long; then the stream is cancelled.
   * @throws StateError - The stream has ended, for whatever reason; UnavailableError also
   * where no message came in time.
   */
  async receive(timeoutMs: number): Promise<Result> {
    const ends = performance.now() + timeoutMs;
    for (;;) {
      const message = this.messages.read() as Message | null;
      if (message !== null) {
        this.route.hear();
        return this.call.read(message);
      }
      if (this.#ended !== undefined) {
        const failure = this.#ended.code === Code.OK ? ENDED : failureOf(this.#ended);
        throw this.route.translate(failure, this.call);
      }
      const left = ends - performance.now();
      if (left <= 0) {
        this.cancel();
        throw this.route.translate(silence(timeoutMs), this.call);
      }
      await this.#news(left);
    }
  }

  /** Ends the stream; harmless when it has ended. */
  cancel(): void {
    this.messages.cancel();
  }

  /** Waits until there may be something to read, or for some ms. */
  #news(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = after(timeoutMs, resolve);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
