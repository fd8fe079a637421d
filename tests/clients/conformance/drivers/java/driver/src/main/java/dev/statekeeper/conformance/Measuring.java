package dev.statekeeper.conformance;

import dev.statekeeper.client.Client;
import dev.statekeeper.client.StateManager;
import dev.statekeeper.client.model.StateFields;
import dev.statekeeper.client.model.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** How many saves the client makes in a second. */
final class Measuring {
  private static final String LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  private static final int TEXT_LETTERS = 1_022;
  private static final int EXECUTIONS_EACH = 16;
  private static final double NANOS_PER_SECOND = 1e9;

  private Measuring() {}

  static Object measure(Session session, Command command) throws InterruptedException {
    int callers = (int) command.number("callers");
    ExecutorService threads = Executors.newFixedThreadPool(callers);
    try (Client client = Client.connect(command.text("target"))) {
      client.stateManager("execution-0").load();
      List<StateFields> states = List.of(state(), state());
      long beganNanos = System.nanoTime();
      long endsNanos = beganNanos + command.span("seconds").orElseThrow().toNanos();
      List<Callable<Long>> work = new ArrayList<>();
      for (int caller = 0; caller < callers; caller++) {
        List<StateManager> handles = handles(client, caller);
        work.add(() -> save(handles, states, endsNanos));
      }
      long calls = 0;
      for (Future<Long> done : threads.invokeAll(work)) {
        calls += result(done);
      }
      return Map.of("calls", calls, "seconds", (System.nanoTime() - beganNanos) / NANOS_PER_SECOND);
    } finally {
      threads.shutdownNow();
    }
  }

  private static List<StateManager> handles(Client client, int caller) {
    List<StateManager> handles = new ArrayList<>();
    for (int each = 0; each < EXECUTIONS_EACH; each++) {
      handles.add(client.stateManager("execution-" + (caller * EXECUTIONS_EACH + each)));
    }
    return handles;
  }

  private static long save(List<StateManager> handles, List<StateFields> states, long endsNanos) {
    long calls = 0;
    while (true) {
      for (StateFields state : states) {
        for (StateManager handle : handles) {
          if (System.nanoTime() >= endsNanos) {
            return calls;
          }
          handle.save(state);
          calls++;
        }
      }
    }
  }

  private static long result(Future<Long> done) throws InterruptedException {
    try {
      return done.get();
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof RuntimeException error) {
        throw error;
      }
      throw new IllegalStateException(failed.getCause());
    }
  }

  private static StateFields state() {
    StringBuilder text = new StringBuilder();
    new Random()
        .ints(TEXT_LETTERS, 0, LETTERS.length())
        .forEach(at -> text.append(LETTERS.charAt(at)));
    return new StateFields().status(Status.RUNNING).context(Map.of("state", text.toString()));
  }
}
