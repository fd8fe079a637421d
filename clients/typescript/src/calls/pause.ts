/** The calls of a handle about pauses. */
import { StateManager } from "../gen/statekeeper/v1/state_manager_pb.js";
import type { Pause } from "../model/execution.js";
import type { ResumeResult, ResumeToken } from "../model/results.js";
import {
  getPauseRequest,
  type PauseOptions,
  pauseRequest,
  type PauseTarget,
  resumeRequest,
} from "../requests/pause.js";
import type { WriteOptions } from "../requests/write.js";
import { readPauseOf, readResumeResult, readResumeToken } from "../responses.js";
import type { Call } from "../transport/call.js";
import type { DocumentInput } from "../values/documents.js";
import type { Handle } from "./handle.js";

/** Makes the call that pauses the execution. */
export function pauseCall(handle: Handle, options: PauseOptions): Call<ResumeToken> {
  return handle.write(
    StateManager.method.pause,
    () => pauseRequest(handle.execution, options, handle.fencingToken),
    readResumeToken,
  );
}

/** Makes the call that answers a pause. */
export function resumeCall(
  handle: Handle,
  target: PauseTarget,
  input: DocumentInput | undefined,
  options: WriteOptions,
): Call<ResumeResult> {
  return handle.write(
    StateManager.method.resume,
    () => resumeRequest(handle.execution, target, input, options, handle.fencingToken),
    readResumeResult,
  );
}

/** Makes the call that looks a pause up. */
export function getPauseCall(handle: Handle, target: PauseTarget): Call<Pause> {
  return handle.plain(
    StateManager.method.getPause,
    () => getPauseRequest(handle.execution, target),
    readPauseOf,
  );
}
