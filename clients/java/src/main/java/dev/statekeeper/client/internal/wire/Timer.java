package dev.statekeeper.client.internal.wire;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Does small things later, in one thread of its own that keeps no program alive. */
public final class Timer implements AutoCloseable {
  private final ScheduledThreadPoolExecutor executor;

  Timer() {
    executor =
        new ScheduledThreadPoolExecutor(
            1,
            work -> {
              Thread thread = new Thread(work, "statekeeper-timer");
              thread.setDaemon(true);
              return thread;
            },
            // After the end, nothing is done any more.
            new ScheduledThreadPoolExecutor.DiscardPolicy());
    executor.setRemoveOnCancelPolicy(true);
  }

  /**
   * Does something later.
   *
   * @param work what; must neither block nor throw
   * @param delayNanos after how many nanoseconds
   * @return what cancels it
   */
  public Future<?> after(long delayNanos, Runnable work) {
    return executor.schedule(work, delayNanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
