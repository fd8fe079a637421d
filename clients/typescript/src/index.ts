/** Client of statekeeper, which keeps the state of running workflows. */
export type { RestoreByRevision } from "./calls/checkpoint.js";
export { Client, type ClientOptions } from "./client.js";
export * from "./errors.js";
export type * from "./model/execution.js";
export * from "./model/results.js";
export type {
  CheckpointListOptions,
  ListOptions,
  PageOptions,
  PauseListOptions,
} from "./requests/paging.js";
export type { PauseById, PauseOptions, PauseTarget } from "./requests/pause.js";
export type { DeleteOptions, LoadOptions, UpdateOptions } from "./requests/state.js";
export type { CallOptions, WriteOptions } from "./requests/write.js";
export {
  type CacheOptions,
  type HandleOptions,
  StateManager,
  type StateManagerOptions,
} from "./state-manager.js";
export type { Instant } from "./times.js";
export type { TlsOptions } from "./transport/credentials.js";
export { Binary, type DocumentInput } from "./values/documents.js";
export { parseJson, stringifyJson } from "./values/text.js";
