/** The commands, by their names. */
import * as checkpoints from "./checkpoints.js";
import * as clients from "./clients.js";
import * as pauses from "./pauses.js";
import type { Act } from "./session.js";
import * as states from "./states.js";

export const COMMANDS: Readonly<Record<string, Act>> = {
  connect: clients.connect,
  manager: clients.manager,
  close: clients.close,
  reset: clients.reset,
  cancel: clients.cancel,
  save: states.save,
  save_loaded: states.saveLoaded,
  load: states.load,
  update: states.update,
  delete: states.remove,
  list_revisions: states.listRevisions,
  list: states.list,
  pause: pauses.pause,
  resume: pauses.resume,
  get_pause: pauses.getPause,
  list_pauses: pauses.listPauses,
  checkpoint: checkpoints.checkpoint,
  restore: checkpoints.restore,
  list_checkpoints: checkpoints.listCheckpoints,
  delete_checkpoint: checkpoints.deleteCheckpoint,
};
