package dev.statekeeper.client.internal.wire;

import dev.statekeeper.client.errors.CallCancelledException;
import dev.statekeeper.client.errors.DeadlineExceededException;
import dev.statekeeper.client.errors.InternalException;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.client.errors.StorageException;
import dev.statekeeper.client.errors.UnavailableException;
import dev.statekeeper.client.internal.requests.Times;
import java.time.Duration;

/** Where a client's calls go and how long they may take. */
public final class Route {
  /** For how long a server that was never heard of is looked for. */
  static final Duration FIND = Duration.ofMillis(1_500);

  private final String target;
  private final Duration timeout;
  private volatile boolean answered;

  /**
   * Makes one.
   *
   * @param target the server's address
   * @param timeout how long a call may take, its retries included, where it does not wait for
   *     someone
   */
  public Route(String target, Duration timeout) {
    this.target = target;
    this.timeout = Times.span(timeout, "timeout");
    if (timeout.isZero()) {
      throw InvalidRequestException.of("timeout", "must be more than zero");
    }
  }

  /** How long a call may take. */
  public Duration timeout() {
    return timeout;
  }

  /** For how long to look for a server that cannot be reached. */
  public Duration patience() {
    return answered ? timeout : FIND;
  }

  /**
   * Whether the server was ever heard of. Until then a call to a wrong address fails soon; from
   * then on a server that is away is taken to be restarting, and waited for until the deadline.
   */
  boolean answered() {
    return answered;
  }

  /** Notes that the server was heard of. */
  void hear() {
    answered = true;
  }

  Duration timeoutOf(Call<?, ?> call) {
    Duration whole = timeout.plus(call.waiting());
    Duration most = call.timeoutMax();
    return most == null || most.compareTo(whole) > 0 ? whole : most;
  }

  /** Gives the error to throw for a failed call. */
  StateException translate(Failure failure, Call<?, ?> call) {
    StateException error =
        Errors.of(failure, new CallSite(target, timeoutOf(call), call.execution()));
    if (!isUnheard(error)) {
      answered = true;
    }
    return error;
  }

  /** Whether a call ended in this without a word from the server. */
  static boolean isUnheard(Throwable error) {
    return error instanceof UnavailableException
        || error instanceof DeadlineExceededException
        || error instanceof CallCancelledException;
  }

  /** Whether a call that failed like this may have been done all the same. */
  static boolean mayBeDone(Throwable error) {
    return !(error instanceof StateException)
        || isUnheard(error)
        || error instanceof InternalException
        || error instanceof StorageException;
  }
}
