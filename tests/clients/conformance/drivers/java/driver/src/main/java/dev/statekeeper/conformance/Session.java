package dev.statekeeper.conformance;

import dev.statekeeper.client.Client;
import dev.statekeeper.client.Lock;
import dev.statekeeper.client.Member;
import dev.statekeeper.client.StateManager;
import dev.statekeeper.client.Watch;
import dev.statekeeper.client.model.ExecutionState;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What the commands have given names to. */
final class Session {
  final Map<Object, Thread> underWay = new ConcurrentHashMap<>();
  final Map<String, Client> clients = new ConcurrentHashMap<>();
  final Map<String, StateManager> managers = new ConcurrentHashMap<>();
  final Map<String, ExecutionState> states = new ConcurrentHashMap<>();
  final Map<String, Lock> locks = new ConcurrentHashMap<>();
  final Map<String, Watch> watches = new ConcurrentHashMap<>();
  final Map<String, Member> members = new ConcurrentHashMap<>();

  /** Does one command; gives what the client gives. */
  Object perform(Command command) throws InterruptedException {
    Commands.Act act = Commands.BY_NAME.get(command.text("do"));
    if (act == null) {
      throw new IllegalArgumentException("there is no command " + command.get("do"));
    }
    return act.perform(this, command);
  }

  Client client(Command command) {
    return clients.get(command.text("client"));
  }

  StateManager manager(Command command) {
    return managers.get(command.text("manager"));
  }

  /** Closes and forgets everything. */
  void reset() {
    watches.values().forEach(Watch::close);
    clients.values().forEach(Client::close);
    watches.clear();
    clients.clear();
    managers.clear();
    states.clear();
    locks.clear();
    members.clear();
  }
}
