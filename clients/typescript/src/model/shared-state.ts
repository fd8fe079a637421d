/** What calls about a shared state take and give. */
import type { WriteOptions } from "../requests/write.js";
import type { DocumentInput } from "../values/documents.js";
import type { Document } from "./execution.js";
import type { WriteResult } from "./results.js";

/** The keys of the shared state that a member declares. */
export interface MemberAccess {
  /** It sees these. */
  use?: readonly string[] | undefined;
  /** It may write these. */
  set?: readonly string[] | undefined;
}

/** What a shared state is to be. */
export interface StateDefinition {
  /** By key, the name of a type (`"object"`) or a JSON Schema. */
  schema?: Readonly<Record<string, unknown>> | undefined;
  /** By key, the value to begin with; `${input.path}` is filled in. */
  initial?: DocumentInput | undefined;
  /** By name, the keys that each member may `use` and `set`. */
  members?: Readonly<Record<string, MemberAccess>> | undefined;
}

/** How to define a shared state. */
export interface DefineOptions extends WriteOptions {
  /** What `${input.path}` leads into. */
  input?: DocumentInput | undefined;
}

/** How a member writes. */
export interface SetStateOptions extends WriteOptions {
  /**
   * What becomes of keys that the member may not set: all is refused (`reject`), or they
   * are dropped, and the result names them (`drop`). Left out: `reject`.
   */
  onUndeclared?: "reject" | "drop" | undefined;
}

/** A value that does not fit a new definition. It is kept as it is. */
export interface Misfit {
  /** Its key. */
  readonly key: string;
  /** Where in the value; empty: the value itself. */
  readonly path: string;
  /** The rule that it breaks: `minLength`; `declared` where the key is gone. */
  readonly rule: string;
  /** A sentence. */
  readonly problem: string;
}

/** What a definition did. */
export interface DefineResult extends WriteResult {
  /** Its number among those of the execution, from 1. */
  readonly definitionVersion: number;
  /** The values that were there already and do not fit; they are kept. */
  readonly misfits: readonly Misfit[];
}

/** What a write of a member did. */
export interface SetStateResult extends WriteResult {
  /** The keys that it may not set, and that were left out. */
  readonly dropped: readonly string[];
}

/** What a member sees: it cannot be changed, at any depth. */
export type StateView = Readonly<Document>;

/** One access to a key. */
export interface Access {
  /** Who. */
  readonly member: string;
  /** What was done. */
  readonly operation: "read" | "write";
  /** When (ms since 1970). */
  readonly timestamp: number;
  /** The revision that was read, or that the write has made. */
  readonly revision: number;
}

/** How often a member has accessed a key. */
export interface AccessCounts {
  /** How often it has read it. */
  readonly reads: number;
  /** How often it has written it. */
  readonly writes: number;
}

/** How the keys of a shared state are used. */
export interface AccessReport {
  /** Declared and never accessed. */
  readonly unusedKeys: readonly string[];
  /** By key, the last 32 accesses of each, the oldest first. */
  readonly accessPatterns: Readonly<Record<string, readonly Access[]>>;
  /** By key and member, how often; exact, whatever is kept one by one. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, AccessCounts>>>>;
  /** The same counts by member and key. */
  readonly memberCounts: Readonly<Record<string, Readonly<Record<string, AccessCounts>>>>;
}
