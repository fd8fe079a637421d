package dev.statekeeper.client.internal.locking;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The locks that a handle was granted, and which of the threads that share it hold them.
 *
 * <p>Threads may share a handle, and its lock must keep them apart. So each acquisition has an
 * owner of its own, unless it is made by a thread that holds the lock already: there it asks as the
 * same owner, and gets the same grant.
 *
 * <p>Writes carry the fencing token of the lock they are made under. That is the thread's, also
 * after it was lost, for then they must be refused. Where the thread holds none, it is the handle's
 * latest: the work may have been handed to another thread.
 */
public final class Grants {
  private final LongSupplier nanoTime;
  private final ThreadLocal<@Nullable Grant> held = new ThreadLocal<>();
  private volatile @Nullable Grant latest;

  /** Makes one of a handle that holds nothing. */
  public Grants() {
    this(System::nanoTime);
  }

  Grants(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** This machine's clock, which does not step. */
  public long nanoTime() {
    return nanoTime.getAsLong();
  }

  /** Gives what this thread holds and has not given back, lost or not; null: nothing. */
  public @Nullable Grant held() {
    Grant grant = held.get();
    while (grant != null && grant.released()) {
      grant = grant.outer();
    }
    return grant;
  }

  /** Gives the grant under which this thread writes; null: none. */
  public @Nullable Grant under() {
    Grant mine = held();
    if (mine != null) {
      return mine;
    }
    Grant last = latest;
    return last == null || last.released() ? null : last;
  }

  /** Notes that this thread was granted the lock. */
  public Grant take(String owner, long fencingToken) {
    Grant before = held();
    Grant grant = before;
    if (grant == null || grant.fencingToken() != fencingToken) {
      grant = new Grant(owner, fencingToken, before, nanoTime);
      latest = grant;
      held.set(grant);
      if (before != null) {
        // Nobody else could have got it while that one lasted.
        before.lose();
      }
    }
    grant.hold();
    return grant;
  }

  /** Gives one hold of a grant back; tells whether it was the last one. */
  public boolean leave(Grant grant) {
    return grant.leave();
  }

  /** Whether somebody still holds a grant. */
  public boolean isHeld(Grant grant) {
    return grant.holds() > 0;
  }

  /** Notes that what a grant replaced was lost, or there would be no such grant. */
  public void forgetOuter(Grant grant) {
    for (Grant outer = grant.outer(); outer != null; outer = outer.outer()) {
      outer.release();
    }
    grant.setOuter(null);
  }

  /** Notes that a grant was given back for good. */
  public void forget(Grant grant) {
    grant.release();
    if (latest == grant) {
      latest = null;
    }
    Grant before = held();
    if (before == null) {
      held.remove();
    } else {
      held.set(before);
    }
  }
}
