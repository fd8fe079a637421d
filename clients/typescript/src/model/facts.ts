/** The facts that the server keeps beside a state, and where they are kept here. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";

import type { LoadedState, StateFacts } from "./execution.js";

/** The facts beside a state, and what is known of it here alone. */
export interface KeptFacts extends StateFacts {
  /** The start time as it was read, which may be finer than a number can tell. */
  readonly startTimeExact: Timestamp | undefined;
}

const KEPT = new WeakMap<object, KeptFacts>();

const NAMES: readonly (keyof StateFacts)[] = [
  "revision",
  "version",
  "createTime",
  "updateTime",
  "expireTime",
  "pauses",
  "sharedState",
  "partial",
];

// Not enumerable: what the caller put into a state is to be equal to what comes out of it,
// by any way of comparing.
const PROPERTIES: PropertyDescriptorMap = Object.fromEntries(
  NAMES.map((name) => [
    name,
    {
      get(this: object): unknown {
        return KEPT.get(this)?.[name];
      },
      enumerable: false,
    },
  ]),
);

/** Puts facts beside a state that has none yet. */
export function attachFacts(state: LoadedState, facts: KeptFacts): void {
  KEPT.set(state, facts);
  Object.defineProperties(state, PROPERTIES);
}

/** Changes the facts beside a state that has some. */
export function changeFacts(state: LoadedState, facts: Partial<KeptFacts>): void {
  const kept = KEPT.get(state);
  if (kept !== undefined) KEPT.set(state, { ...kept, ...facts });
}

/** Gives the facts beside a state; undefined: it did not come from the server. */
export function factsOf(state: object): KeptFacts | undefined {
  return KEPT.get(state);
}
