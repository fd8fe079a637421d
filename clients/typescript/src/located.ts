/** Errors of this side, which name the execution as those of the server do. */
import { StateError } from "./errors.js";

/** Runs a function; an error of it that names no execution names this one from then on. */
export function located<Result>(
  at: { readonly namespace: string; readonly executionId: string },
  run: () => Result,
): Result {
  try {
    return run();
  } catch (error) {
    if (error instanceof StateError && error.executionId === "") {
      const { namespace, executionId } = at;
      Object.assign(error, { namespace, executionId });
    }
    throw error;
  }
}
