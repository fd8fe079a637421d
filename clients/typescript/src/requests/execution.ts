/** Which execution a request is about. */
import { checkedName, checkedText, invalid } from "../arguments.js";
import { checkedSpan } from "../times.js";

export const NAMESPACE_DEFAULT = "execution-state";

/** Which execution a call is about, and what its handle adds to every write. */
export interface ExecutionRef {
  /** Its namespace; empty: not known. */
  readonly namespace: string;
  /** Its id; empty: not known. */
  readonly executionId: string;
  /** For every write that gives none, in ms; undefined: leave it to the server. */
  readonly ttl?: number | undefined;
  /** For every write that gives none; empty: nobody. */
  readonly actor: string;
}

/** Makes one from what a caller gave, or throws an InvalidRequestError. */
export function checkedExecution(
  namespace: unknown,
  executionId: unknown,
  ttl: unknown,
  actor: string,
): ExecutionRef {
  return {
    namespace: checkedNamespace(namespace),
    executionId: checkedName("executionId", executionId),
    ttl: ttl === undefined ? undefined : checkedSpan(ttl, "ttl"),
    actor,
  };
}

/** Gives a namespace, or throws an InvalidRequestError. */
export function checkedNamespace(namespace: unknown): string {
  if (namespace === undefined) return NAMESPACE_DEFAULT;
  return checkedText("namespace", namespace) || NAMESPACE_DEFAULT;
}

/** The key to send. */
export function keyOf(execution: ExecutionRef): { namespace: string; executionId: string } {
  return { namespace: execution.namespace, executionId: execution.executionId };
}

/** Refuses a state that says that it is another execution's. */
export function checkId(execution: ExecutionRef, id: string): void {
  if (id !== "" && id !== execution.executionId) {
    throw invalid("id", `'${id}' is not the execution's, which is '${execution.executionId}'`);
  }
}
