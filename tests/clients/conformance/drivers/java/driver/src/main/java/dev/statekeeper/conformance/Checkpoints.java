package dev.statekeeper.conformance;

import dev.statekeeper.client.StateManager;

/** Checkpoints: made, restored, listed, removed. */
final class Checkpoints {
  private Checkpoints() {}

  static Object checkpoint(Session session, Command command) {
    return session.manager(command).checkpoint(command.text("name"), Values.writeOptions(command));
  }

  static Object restore(Session session, Command command) {
    StateManager manager = session.manager(command);
    return command.has("revision")
        ? manager.restore(command.number("revision"), Values.writeOptions(command))
        : manager.restore(command.text("name"), Values.writeOptions(command));
  }

  static Object list(Session session, Command command) {
    return session.manager(command).listCheckpoints(command.flag("include_state"));
  }

  static Object delete(Session session, Command command) {
    return session
        .manager(command)
        .deleteCheckpoint(command.text("name"), Values.writeOptions(command));
  }
}
