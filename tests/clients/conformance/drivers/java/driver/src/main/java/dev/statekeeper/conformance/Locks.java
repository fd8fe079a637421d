package dev.statekeeper.conformance;

import dev.statekeeper.client.Lock;
import dev.statekeeper.client.LockOptions;
import dev.statekeeper.client.model.LockHolder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The lock: taken, renewed, released. */
final class Locks {
  private Locks() {}

  static Object lock(Session session, Command command) {
    Lock lock = session.manager(command).tryLock(options(command));
    session.locks.put(command.text("lock"), lock);
    return Map.of(
        "acquired", lock.acquired(),
        "fencing_token", lock.fencingToken(),
        "owner", lock.holder().map(LockHolder::owner).orElse(lock.owner()));
  }

  static Object renew(Session session, Command command) {
    session.locks.get(command.text("lock")).renew(command.span("lease").orElse(null));
    return null;
  }

  static Object release(Session session, Command command) {
    return Map.of("released", session.locks.get(command.text("lock")).unlock());
  }

  static Object unlock(Session session, Command command) {
    return Map.of("released", session.manager(command).unlock());
  }

  static Object isLocked(Session session, Command command) {
    return session.manager(command).isLocked();
  }

  static Object get(Session session, Command command) {
    return session.manager(command).getLock();
  }

  @SuppressWarnings("try") // The block holds the lock, and has no use for its name.
  static Object locked(Session session, Command command) throws InterruptedException {
    List<Object> results = new ArrayList<>();
    try (Lock held = session.manager(command).lock(options(command))) {
      for (Command step : command.commands("steps")) {
        results.add(Plain.of(session.perform(step)));
      }
    }
    return results;
  }

  private static LockOptions options(Command command) {
    LockOptions options = LockOptions.NONE;
    if (command.has("timeout")) {
      options = options.withTimeout(command.span("timeout").orElseThrow());
    }
    if (Boolean.FALSE.equals(command.get("retry"))) {
      options = options.withoutRetry();
    }
    if (command.has("lease")) {
      options = options.withLease(command.span("lease").orElseThrow());
    }
    if (command.flag("exclusive")) {
      options = options.asExclusive();
    }
    if (command.has("owner")) {
      options = options.withOwner(command.text("owner"));
    }
    return options;
  }
}
