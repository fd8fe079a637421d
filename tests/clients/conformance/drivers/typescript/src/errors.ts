/** Errors as the runner reads them. */
import { InvalidRequestError, StateError } from "statekeeper";

import { toSnake } from "./names.js";

// What an error's type tells as fields of its own.
const FACTS = [
  "expected",
  "current",
  "checkpoint",
  "owner",
  "path",
  "size",
  "limit",
  "key",
  "rule",
  "member",
  "oldestRevision",
] as const;

/** An error of the driver's own, which a command asks for. */
export class DriverError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The client has no such thing; the message says why. */
export class Unsupported extends Error {}

/** What an error tells. */
export function errorOf(error: StateError | DriverError): object {
  const { code, message } = error;
  if (!(error instanceof StateError)) return { code, message };
  const known = error as StateError & Readonly<Record<string, unknown>>;
  const details: Record<string, unknown> = {};
  for (const name of FACTS) {
    if (known[name] !== undefined) details[toSnake(name)] = known[name];
  }
  if (typeof details.path === "string") details.path = toSnake(details.path);
  if (error instanceof InvalidRequestError) {
    details.fields = error.fields.map(({ field }) => toSnake(field));
  }
  const { executionId, namespace } = error;
  return { code, message, execution_id: executionId, namespace, details };
}
