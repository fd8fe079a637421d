package dev.statekeeper.client;

import dev.statekeeper.client.errors.LockTimeoutException;
import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.client.internal.calls.LockCalls;
import dev.statekeeper.client.internal.locking.Grant;
import dev.statekeeper.client.internal.locking.LockAnswer;
import dev.statekeeper.client.internal.wire.Connection;
import dev.statekeeper.client.model.LockHolder;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The lock of an execution, or the news that somebody else has it.
 *
 * <pre>{@code
 * try (Lock lock = sm.lock()) {
 *   sm.update(new StateFields().status(Status.RUNNING));
 * }
 * }</pre>
 *
 * <p>Where {@link StateManager#lock()} gave it, its lease is renewed in the background until it is
 * closed. Where {@link StateManager#tryLock} did, the lease is over after its time, unless {@link
 * #renew} is called.
 */
public final class Lock implements AutoCloseable {
  private final Connection connection;
  private final LockCalls calls;
  private final LockAnswer answer;
  private boolean givenBack;

  Lock(Connection connection, LockCalls calls, LockAnswer answer) {
    this.connection = connection;
    this.calls = calls;
    this.answer = answer;
  }

  /**
   * Whether it was granted.
   *
   * @return false: somebody else has it
   */
  public boolean acquired() {
    return answer.grant() != null;
  }

  /**
   * Who asked for it, as the server knows it.
   *
   * @return the owner
   */
  public String owner() {
    return answer.owner();
  }

  /**
   * Who has it.
   *
   * @return empty where it was granted, or that is not told
   */
  public Optional<LockHolder> holder() {
    return Optional.ofNullable(answer.holder());
  }

  /**
   * Larger with every grant, for others to check.
   *
   * @return 0 where it was not granted
   */
  public long fencingToken() {
    return answer.grant() == null ? 0 : answer.grant().fencingToken();
  }

  /**
   * Until when it lasts unless it is renewed, by the server's clock.
   *
   * @return empty where it was not granted
   */
  public Optional<Instant> leaseExpireTime() {
    return Optional.ofNullable(answer.grant()).map(Grant::leaseExpireTime);
  }

  /**
   * Whether it was granted and somebody else may have it by now: it could not be renewed, or its
   * lease is over by the clock of this machine.
   *
   * @return whether it was lost
   */
  public boolean lost() {
    return answer.grant() != null && answer.grant().lost();
  }

  /** Prolongs the lease, from now on, by as much as last time. */
  public void renew() {
    renew(null);
  }

  /**
   * Prolongs the lease, from now on.
   *
   * @param lease for how long, 1 ms to 24 h; null: as long as last time
   * @throws dev.statekeeper.client.errors.FencedException where the lease was over
   * @throws dev.statekeeper.client.errors.LockedException where somebody else has it
   * @throws LockTimeoutException where it was not granted in the first place
   */
  public void renew(@Nullable Duration lease) {
    connection.send(calls.renew(granted(), lease, false));
  }

  /**
   * Releases the lock; harmless when it is no longer ours.
   *
   * @return whether it was still ours
   */
  public synchronized boolean unlock() {
    Grant grant = answer.grant();
    if (grant == null || grant.released()) {
      return false;
    }
    boolean again = givenBack;
    givenBack = true;
    if (!again && !calls.leave(grant)) {
      // Asked for while it was held: whoever holds it goes on.
      return !grant.lost();
    }
    if (calls.isHeld(grant)) {
      return false;
    }
    try {
      return connection.send(calls.unlock(grant));
    } catch (StateException error) {
      if (LockCalls.isGone(error)) {
        return false;
      }
      throw error;
    }
  }

  /** Releases the lock, as {@link #unlock} does; it is given back also where that fails. */
  @Override
  public void close() {
    Grant grant = answer.grant();
    try {
      unlock();
    } finally {
      if (grant != null && !calls.isHeld(grant)) {
        calls.forget(grant);
      }
    }
  }

  /** Begins to renew the lease in the background, until it is lost or released. */
  Lock keepRenewed() {
    renewLater(granted());
    return this;
  }

  private void renewLater(Grant grant) {
    OptionalLong inNanos = grant.renewalInNanos();
    if (inNanos.isPresent() && !connection.closed()) {
      connection.timer().after(inNanos.getAsLong(), () -> renewInTime(grant));
    }
  }

  private void renewInTime(Grant grant) {
    if (connection.closed()) {
      grant.lose();
      return;
    }
    // Somebody else may have renewed it, or it is over.
    if (grant.renewalInNanos().orElse(1) != 0) {
      renewLater(grant);
      return;
    }
    connection
        .start(calls.renew(grant, null, true))
        .whenComplete(
            (done, error) -> {
              if (error != null) {
                grant.renewalFailed();
              }
              renewLater(grant);
            });
  }

  private Grant granted() {
    if (answer.grant() != null) {
      return answer.grant();
    }
    LockHolder holder = answer.holder();
    if (holder == null) {
      throw new LockTimeoutException(calls.execution().facts("the lock was not granted in time"));
    }
    String until = holder.leaseExpireTime().toString();
    throw new LockTimeoutException(
        calls
            .execution()
            .facts("the lock is held by " + holder.owner() + " until " + until + " at least")
            .with("owner", holder.owner())
            .with("expire_time", until));
  }
}
