package dev.statekeeper.client.internal.wire;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Sees to it that a server that restarts is found again within a second of its return.
 *
 * <p>gRPC itself waits up to two minutes between its attempts to connect, and cannot be told
 * otherwise but by calling them off.
 */
final class Reconnector {
  private static final long FIRST_NANOS_MAX = Duration.ofMillis(100).toNanos();
  private static final long LATER_NANOS_MAX = Duration.ofSeconds(1).toNanos();

  private final ManagedChannel channel;
  private final Timer timer;
  private long delayNanosMax = FIRST_NANOS_MAX;

  Reconnector(ManagedChannel channel, Timer timer) {
    this.channel = channel;
    this.timer = timer;
  }

  /** Begins to look after the channel, for as long as that is there. */
  void start() {
    look();
  }

  private void look() {
    ConnectivityState state = channel.getState(false);
    if (state == ConnectivityState.SHUTDOWN) {
      return;
    }
    if (state == ConnectivityState.TRANSIENT_FAILURE) {
      // Looked at again and again: it may go on failing without leaving that state.
      long delayNanos = delayNanosMax / 2 + ThreadLocalRandom.current().nextLong(delayNanosMax / 2);
      delayNanosMax = Math.min(2 * delayNanosMax, LATER_NANOS_MAX);
      timer.after(
          delayNanos,
          () -> {
            channel.resetConnectBackoff();
            look();
          });
      return;
    }
    if (state == ConnectivityState.READY) {
      delayNanosMax = FIRST_NANOS_MAX;
    }
    channel.notifyWhenStateChanged(state, () -> timer.after(0, this::look));
  }
}
