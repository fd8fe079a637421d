package dev.statekeeper.client.internal.calls;

import dev.statekeeper.client.LockOptions;
import dev.statekeeper.client.WriteOptions;
import dev.statekeeper.client.errors.FencedException;
import dev.statekeeper.client.errors.LockedException;
import dev.statekeeper.client.internal.locking.Grant;
import dev.statekeeper.client.internal.locking.LockAnswer;
import dev.statekeeper.client.internal.requests.Arguments;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.client.internal.requests.Results;
import dev.statekeeper.client.internal.requests.Times;
import dev.statekeeper.client.internal.requests.Write;
import dev.statekeeper.client.internal.wire.Call;
import dev.statekeeper.client.internal.wire.Rpc;
import dev.statekeeper.client.model.LockHolder;
import dev.statekeeper.v1.GetLockRequest;
import dev.statekeeper.v1.GetLockResponse;
import dev.statekeeper.v1.LockRequest;
import dev.statekeeper.v1.LockResponse;
import dev.statekeeper.v1.RenewLockRequest;
import dev.statekeeper.v1.RenewLockResponse;
import dev.statekeeper.v1.UnlockRequest;
import dev.statekeeper.v1.UnlockResponse;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes the calls about the lock of one execution. */
public final class LockCalls {
  private static final Duration LEASE_DEFAULT = Duration.ofSeconds(30);
  // A call has to be given some time, or it fails before it is sent.
  private static final Duration TIMEOUT_MIN = Duration.ofMillis(1);
  private static final Write PLAIN = Write.of(WriteOptions.NONE);

  private final Handle handle;

  /** Makes those of a handle. */
  public LockCalls(Handle handle) {
    this.handle = handle;
  }

  /** Whether an error says that a grant is no longer ours. */
  public static boolean isGone(Throwable error) {
    return error instanceof FencedException || error instanceof LockedException;
  }

  /** Which execution the lock is of. */
  public ExecutionRef execution() {
    return handle.execution();
  }

  /** Makes the call that asks for the lock, to be sent by the thread that made it. */
  public Call<LockResponse, LockAnswer> lock(LockOptions options) {
    return execution().located(() -> ask(options));
  }

  private Call<LockResponse, LockAnswer> ask(LockOptions options) {
    Duration timeout = Times.span(options.timeout(), "timeout");
    Duration waiting = options.retry() ? timeout : Duration.ZERO;
    Duration lease = leaseOf(options, timeout);
    String owner = Write.newId();
    // No other grant has this owner, so none is released by mistake.
    Call<?, ?> cleanup = unlockOwner(owner);
    Grant held = handle.grants().held();
    if (held != null && (options.owner() == null || options.owner().equals(held.owner()))) {
      owner = held.owner();
      cleanup = null;
      // What is held already must not end earlier because of this.
      lease = lease.compareTo(held.lease()) < 0 ? held.lease() : lease;
    } else if (options.owner() != null) {
      owner = Arguments.name("owner", options.owner());
      cleanup = null;
    }
    return lock(options.exclusive(), waiting, owner, lease).cleanedBy(cleanup);
  }

  private static Duration leaseOf(LockOptions options, Duration timeout) {
    if (options.lease() != null) {
      return Times.span(options.lease(), "lease");
    }
    // Who does not want to wait at all still wants the lock for a while.
    return timeout.isZero() ? LEASE_DEFAULT : timeout;
  }

  private Call<LockResponse, LockAnswer> lock(
      boolean exclusive, Duration waiting, String owner, Duration lease) {
    LockRequest request =
        LockRequest.newBuilder()
            .setKey(execution().key())
            .setOwner(owner)
            .setLease(Times.duration(lease))
            .setWait(Times.duration(waiting))
            .setExclusive(exclusive)
            .setOptions(PLAIN.withoutTtl(execution()))
            .build();
    return handle
        .plain(Rpc.LOCK, request, response -> answer(response, owner, lease))
        .waiting(waiting);
  }

  private LockAnswer answer(LockResponse response, String owner, Duration lease) {
    if (!response.getAcquired()) {
      LockHolder holder = response.hasHolder() ? Results.read(response.getHolder()) : null;
      return new LockAnswer(owner, null, holder);
    }
    Grant grant = handle.grants().take(owner, response.getFencingToken());
    grant.prolong(lease, Times.instant(response.getLeaseExpireTime()), handle.grants().nanoTime());
    return new LockAnswer(owner, grant, null);
  }

  /**
   * Makes the call that prolongs the lease of a grant.
   *
   * @param lease for how long; null: as long as last time
   * @param inTime whether an answer after the lease is of no use
   */
  public Call<RenewLockResponse, Boolean> renew(
      Grant grant, @Nullable Duration lease, boolean inTime) {
    Duration span =
        lease == null ? grant.lease() : execution().located(() -> Times.span(lease, "lease"));
    long sinceNanos = handle.grants().nanoTime();
    RenewLockRequest request =
        RenewLockRequest.newBuilder()
            .setKey(execution().key())
            .setFencingToken(grant.fencingToken())
            .setLease(Times.duration(span))
            .setOptions(PLAIN.withoutTtl(execution()))
            .build();
    Call<RenewLockResponse, Boolean> call =
        Call.of(
            Rpc.RENEW_LOCK,
            request,
            execution(),
            response -> {
              grant.prolong(span, Times.instant(response.getLeaseExpireTime()), sinceNanos);
              return true;
            },
            error -> {
              if (isGone(error)) {
                grant.lose();
              }
            });
    if (!inTime) {
      return call;
    }
    Duration left = Duration.ofNanos(grant.leftNanos());
    return call.within(left.compareTo(TIMEOUT_MIN) < 0 ? TIMEOUT_MIN : left);
  }

  /** Makes the call that releases a grant. */
  public Call<UnlockResponse, Boolean> unlock(Grant grant) {
    UnlockRequest request =
        UnlockRequest.newBuilder()
            .setKey(execution().key())
            .setFencingToken(grant.fencingToken())
            .setOptions(PLAIN.withoutTtl(execution()))
            .build();
    Call<UnlockResponse, Boolean> call =
        Call.of(
            Rpc.UNLOCK,
            request,
            execution(),
            response -> {
              handle.grants().forget(grant);
              return response.getReleased();
            },
            error -> {
              if (isGone(error)) {
                handle.grants().forget(grant);
              }
            });
    return call.cleanedBy(call);
  }

  /** Makes the call that releases whatever this thread holds, or else the handle. */
  public Call<UnlockResponse, Boolean> unlockAll() {
    Grant grant = handle.grants().under();
    if (grant == null) {
      // So that it is told whether somebody else has it.
      return unlockOwner(Write.newId());
    }
    handle.grants().forgetOuter(grant);
    return unlock(grant);
  }

  /** Makes the call that asks who holds the lock. */
  public Call<GetLockResponse, Optional<LockHolder>> get() {
    GetLockRequest request = GetLockRequest.newBuilder().setKey(execution().key()).build();
    return handle.plain(
        Rpc.GET_LOCK,
        request,
        response ->
            response.hasHolder()
                ? Optional.of(Results.read(response.getHolder()))
                : Optional.empty());
  }

  /** Gives back one hold of a grant; whether it was the last one. */
  public boolean leave(Grant grant) {
    return handle.grants().leave(grant);
  }

  /** Whether somebody still holds a grant. */
  public boolean isHeld(Grant grant) {
    return handle.grants().isHeld(grant);
  }

  /** Notes that a grant was given back, whether or not the server could be told. */
  public void forget(Grant grant) {
    handle.grants().forget(grant);
  }

  private Call<UnlockResponse, Boolean> unlockOwner(String owner) {
    UnlockRequest request =
        UnlockRequest.newBuilder()
            .setKey(execution().key())
            .setOwner(owner)
            .setOptions(PLAIN.withoutTtl(execution()))
            .build();
    return handle.plain(Rpc.UNLOCK, request, UnlockResponse::getReleased);
  }
}
