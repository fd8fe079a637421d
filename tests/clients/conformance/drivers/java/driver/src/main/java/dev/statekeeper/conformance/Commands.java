package dev.statekeeper.conformance;

import java.util.Map;

/** The commands by their names. */
final class Commands {
  /** Does a command. */
  @FunctionalInterface
  interface Act {
    /** Gives what the client gives. */
    Object perform(Session session, Command command) throws InterruptedException;
  }

  static final Map<String, Act> BY_NAME =
      Map.ofEntries(
          Map.entry("connect", Clients::connect),
          Map.entry("manager", Clients::manager),
          Map.entry("close", Clients::close),
          Map.entry("reset", Clients::reset),
          Map.entry("cancel", Clients::cancel),
          Map.entry("save", States::save),
          Map.entry("save_loaded", States::saveLoaded),
          Map.entry("load", States::load),
          Map.entry("update", States::update),
          Map.entry("delete", States::delete),
          Map.entry("list_revisions", States::listRevisions),
          Map.entry("list", States::list),
          Map.entry("pause", Pauses::pause),
          Map.entry("resume", Pauses::resume),
          Map.entry("get_pause", Pauses::get),
          Map.entry("list_pauses", Pauses::list),
          Map.entry("checkpoint", Checkpoints::checkpoint),
          Map.entry("restore", Checkpoints::restore),
          Map.entry("list_checkpoints", Checkpoints::list),
          Map.entry("delete_checkpoint", Checkpoints::delete),
          Map.entry("lock", Locks::lock),
          Map.entry("renew", Locks::renew),
          Map.entry("release", Locks::release),
          Map.entry("unlock", Locks::unlock),
          Map.entry("is_locked", Locks::isLocked),
          Map.entry("get_lock", Locks::get),
          Map.entry("locked", Locks::locked),
          Map.entry("transaction", Transactions::transaction),
          Map.entry("migrate", Transactions::migrate),
          Map.entry("batch", Batches::batch),
          Map.entry("define_state", SharedStates::define),
          Map.entry("member", SharedStates::member),
          Map.entry("member_state", SharedStates::state),
          Map.entry("set_state", SharedStates::set),
          Map.entry("access_report", SharedStates::report),
          Map.entry("mutate_view", SharedStates::mutate),
          Map.entry("watch", Watches::watch),
          Map.entry("events", Watches::events),
          Map.entry("close_watch", Watches::close),
          Map.entry("wait_for", Watches::waitFor),
          Map.entry("measure", Measuring::measure));

  private Commands() {}
}
