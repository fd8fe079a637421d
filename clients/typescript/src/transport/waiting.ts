/** Waiting that a caller can give up. */
import { CallCancelledError } from "../errors.js";

// Beyond this, some 24 days, setTimeout does not wait at all.
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Calls a function after some ms. */
export function after(ms: number, act: () => void): NodeJS.Timeout {
  return setTimeout(act, Math.min(ms, TIMER_MS_MAX));
}

/** Waits for some ms; throws a CallCancelledError once the signal is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = onAbort(signal, (error) => {
      clearTimeout(timer);
      reject(error);
    });
    const timer = after(ms, () => {
      stop();
      resolve();
    });
  });
}

/** Throws a CallCancelledError if the signal is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw aborted(signal);
}

/**
 * Calls a function once a signal is aborted, at once if it is already.
 *
 * @returns What ends that.
 */
export function onAbort(
  signal: AbortSignal | undefined,
  act: (error: CallCancelledError) => void,
): () => void {
  if (signal === undefined) return () => undefined;
  const listener = (): void => {
    act(aborted(signal));
  };
  if (signal.aborted) {
    queueMicrotask(listener);
    return () => undefined;
  }
  const listeners = listenersOf(signal);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

type Listeners = Set<() => void>;

const LISTENERS = new WeakMap<AbortSignal, Listeners>();

/** What listens to a signal, by one listener of Node's, which warns of more than ten. */
function listenersOf(signal: AbortSignal): Listeners {
  const known = LISTENERS.get(signal);
  if (known !== undefined) return known;
  const listeners: Listeners = new Set();
  LISTENERS.set(signal, listeners);
  signal.addEventListener("abort", () => {
    for (const listener of [...listeners]) listener();
  });
  return listeners;
}

function aborted(signal: AbortSignal): CallCancelledError {
  const reason: unknown = signal.reason;
  const told = reason instanceof Error ? reason.message : String(reason);
  return new CallCancelledError(`the caller gave up: ${told}`, { cause: reason });
}
