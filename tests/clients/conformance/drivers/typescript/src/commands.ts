/** The commands, by their names. */
import * as batches from "./batches.js";
import * as checkpoints from "./checkpoints.js";
import * as clients from "./clients.js";
import * as locks from "./locks.js";
import * as measuring from "./measuring.js";
import * as pauses from "./pauses.js";
import type { Act } from "./session.js";
import * as shared from "./shared-state.js";
import * as states from "./states.js";
import * as transactions from "./transactions.js";
import * as watches from "./watches.js";

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
  lock: locks.lock,
  renew: locks.renew,
  release: locks.release,
  unlock: locks.unlock,
  is_locked: locks.isLocked,
  get_lock: locks.getLock,
  locked: locks.locked,
  transaction: transactions.transaction,
  migrate: transactions.migrate,
  batch: batches.batch,
  define_state: shared.defineState,
  member: shared.member,
  member_state: shared.memberState,
  set_state: shared.setState,
  access_report: shared.accessReport,
  mutate_view: shared.mutateView,
  watch: watches.watch,
  events: watches.events,
  close_watch: watches.closeWatch,
  wait_for: watches.waitFor,
  measure: measuring.measure,
};
