/** Waiting for what becomes of an execution. */
import { checkedChoice, checkFunction, invalid } from "./arguments.js";
import type { Handle } from "./calls/handle.js";
import { loadCall } from "./calls/state.js";
import { RevisionCompactedError, WaitTimeoutError } from "./errors.js";
import { Following } from "./following.js";
import type { LoadedState, Status } from "./model/execution.js";
import type { WatchEvent } from "./model/watch.js";
import { checkedWatch } from "./requests/watch.js";
import type { CallOptions } from "./requests/write.js";
import { checkedSpan } from "./times.js";
import { after } from "./transport/waiting.js";
import { Watch } from "./watch.js";

/** How to wait. */
export interface WaitOptions extends CallOptions {
  /** For how long (ms); left out: for ever. */
  timeout?: number | undefined;
}

/** What to wait for: a status, several of which one will do, or what a function says. */
export type WaitTarget = Status | readonly Status[] | ((state: LoadedState) => boolean);

const STATUSES: readonly Status[] = ["running", "waiting", "paused", "completed", "failed"];

/** Waits until an execution is as it should be, and gives its state then. */
export async function waitFor(
  handle: Handle,
  target: WaitTarget,
  options: WaitOptions,
): Promise<LoadedState> {
  const { statuses, holds, timeout } = handle.located(() => ({
    ...checkedTarget(target),
    timeout: options.timeout === undefined ? undefined : checkedSpan(options.timeout, "timeout"),
  }));
  // The status alone costs the same for a state of any size.
  const ask = checkedWatch(handle.execution, undefined, {
    snapshot: true,
    include: statuses === undefined ? "state" : "head",
    onCompacted: "snapshot",
  });
  const watch = new Watch(handle.channel, new Following(ask), options.signal);
  const timer =
    timeout === undefined
      ? undefined
      : after(timeout, () => {
          watch.close();
        });
  let last: Status | undefined;
  try {
    for await (const event of watch) {
      if (event.kind === "gap" || event.kind === "snapshot_complete") continue;
      last = event.executionRevision === 0 ? undefined : event.status;
      if (last === undefined) continue;
      if (statuses !== undefined && !statuses.includes(last)) continue;
      if (statuses === undefined && event.state === undefined && !event.valuesMissing) continue;
      const state = event.state ?? (await stateAfter(handle, event, options.signal));
      if (state !== null && holds(state)) return state;
    }
  } finally {
    clearTimeout(timer);
    watch.close();
  }
  // A watch has no end of its own: the time is over.
  const found = last === undefined ? "there is no execution" : `it is ${last}`;
  const wanted = statuses?.join(" or ") ?? "what was waited for";
  throw new WaitTimeoutError(`not ${wanted} within ${String((timeout ?? 0) / 1000)} s: ${found}`, {
    namespace: handle.execution.namespace,
    executionId: handle.execution.executionId,
    status: last ?? "",
    cause: watch.trouble,
  });
}

interface Checked {
  readonly statuses: readonly Status[] | undefined;
  readonly holds: (state: LoadedState) => boolean;
}

function checkedTarget(target: WaitTarget): Checked {
  if (typeof target === "function") {
    checkFunction("target", target);
    return { statuses: undefined, holds: (state) => target(state) };
  }
  const given: readonly unknown[] = Array.isArray(target) ? target : [target];
  const statuses = given.map((each) => checkedChoice("status", each, STATUSES));
  if (statuses.length === 0) throw invalid("status", "must not be empty");
  return { statuses, holds: ({ status }) => statuses.includes(status) };
}

async function stateAfter(
  handle: Handle,
  event: WatchEvent,
  signal: AbortSignal | undefined,
): Promise<LoadedState | null> {
  try {
    const revision = event.executionRevision;
    return await handle.channel.send(loadCall(handle, { revision }), signal);
  } catch (error) {
    if (!(error instanceof RevisionCompactedError)) throw error;
    return handle.channel.send(loadCall(handle, {}), signal);
  }
}
