/** Client of statekeeper, which keeps the state of running workflows. */
export { type Outcome, throwFirst } from "./batch.js";
export type { RestoreByRevision } from "./calls/checkpoint.js";
export { Client, type ClientOptions, type Outcomes } from "./client.js";
export * from "./errors.js";
export type { Lock } from "./lock.js";
export type { Member } from "./member.js";
export { migrateState, type MigrationOptions, type Transformer } from "./migration.js";
export type * from "./model/execution.js";
export * from "./model/results.js";
export type * from "./model/shared-state.js";
export type { EventFacts, WatchEvent } from "./model/watch.js";
export type { Operation, Operations } from "./operations.js";
export type { LockOptions } from "./requests/lock.js";
export type {
  CheckpointListOptions,
  ListOptions,
  PageOptions,
  PauseListOptions,
} from "./requests/paging.js";
export type { PauseById, PauseOptions, PauseTarget } from "./requests/pause.js";
export type { DeleteOptions, LoadOptions, UpdateOptions } from "./requests/state.js";
export type {
  ExecutionWatchOptions,
  NamespaceWatchOptions,
  WatchOptions,
} from "./requests/watch.js";
export type { CallOptions, WriteOptions } from "./requests/write.js";
export {
  type CacheOptions,
  type HandleOptions,
  StateManager,
  type StateManagerOptions,
} from "./state-manager.js";
export type { Instant } from "./times.js";
export type { MigrateOptions, TransactionOptions } from "./transaction.js";
export type { TlsOptions } from "./transport/credentials.js";
export { Binary, type DocumentInput } from "./values/documents.js";
export { parseJson, stringifyJson } from "./values/text.js";
export type { WaitOptions, WaitTarget } from "./wait-for.js";
export type { Watch } from "./watch.js";
