package dev.statekeeper.client.internal.wire;

import com.google.protobuf.Message;
import dev.statekeeper.client.errors.CallCancelledException;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.client.model.Outcome;
import dev.statekeeper.v1.BatchRequest;
import dev.statekeeper.v1.BatchResponse;
import dev.statekeeper.v1.Operation;
import dev.statekeeper.v1.OperationResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends many calls in few messages.
 *
 * <p>Those on one execution are done in their order. So a message is sent when the one before it is
 * done with, and what was refused for now is sent again only where nothing after it, on the same
 * execution, was done. A call that shares its message with no other is sent as the call it is.
 *
 * @param <R> what the calls give
 */
public final class BatchSender<R extends @Nullable Object> {
  private static final int OPERATIONS_MAX = 1_000;
  // What a request takes in a message beside its own bytes, at most.
  private static final int ENTRY_BYTES = 16;

  private final List<? extends Call<?, ? extends R>> calls;
  private final Connection connection;
  private final List<@Nullable Outcome<R>> outcomes;
  private final TreeSet<Integer> open = new TreeSet<>();
  // The last refusal of each that is open, with how its operation has ended.
  private final TreeMap<Integer, Refusal> refusals = new TreeMap<>();

  private record Refusal(StateException error, Failure failure) {}

  /** Makes one for some calls. */
  public BatchSender(List<? extends Call<?, ? extends R>> calls, Connection connection) {
    this.calls = calls;
    this.connection = connection;
    this.outcomes = new ArrayList<>();
    for (int number = 0; number < calls.size(); number++) {
      outcomes.add(null);
      open.add(number);
    }
  }

  /** Sends them, and gives what became of each, in their order. */
  public List<Outcome<R>> send() {
    try {
      NavigableMap<Integer, Integer> waiting = sizes();
      while (!waiting.isEmpty()) {
        StateException error = deliver(take(waiting));
        if (error != null) {
          // Who does not answer one message will not answer the others, and each would be waited
          // for in vain.
          fail(waiting.keySet(), error);
          break;
        }
      }
    } finally {
      ExecutionRef nowhere = ExecutionRef.ofNamespace("");
      fail(open, new CallCancelledException(nowhere.facts("the batch was given up")));
    }
    return outcomes.stream().<Outcome<R>>map(Objects::requireNonNull).toList();
  }

  /** What the calls take in a message, by their numbers; without those that never fit. */
  private NavigableMap<Integer, Integer> sizes() {
    NavigableMap<Integer, Integer> sizes = new TreeMap<>();
    for (int number = 0; number < calls.size(); number++) {
      try {
        Connection.checkSize(calls.get(number));
        sizes.put(number, calls.get(number).request().getSerializedSize() + ENTRY_BYTES);
      } catch (StateException error) {
        end(number, error);
      }
    }
    return sizes;
  }

  /** Takes what goes into the next message. */
  private static List<Integer> take(NavigableMap<Integer, Integer> waiting) {
    List<Integer> taken = new ArrayList<>();
    int sizeBytes = 0;
    while (!waiting.isEmpty() && taken.size() < OPERATIONS_MAX) {
      sizeBytes += waiting.firstEntry().getValue();
      if (!taken.isEmpty() && sizeBytes > Connection.MESSAGE_BYTES_MAX) {
        break;
      }
      taken.add(waiting.pollFirstEntry().getKey());
    }
    return taken;
  }

  /** Sends some calls, again where that can help; gives what ends the whole batch. */
  private @Nullable StateException deliver(List<Integer> first) {
    long endsNanos = System.nanoTime() + connection.route().timeout().toNanos();
    List<Integer> numbers = first;
    boolean crowded = false;
    for (int attempt = 1; numbers.size() > 1 && !crowded; attempt++) {
      StateException error = sendTogether(numbers, endsNanos);
      if (error != null) {
        fail(numbers, error);
        return error;
      }
      crowded = numbers.stream().map(refusals::get).anyMatch(BatchSender::hasNoRoom);
      NavigableMap<Integer, Long> delays = delays(numbers, attempt, endsNanos - System.nanoTime());
      for (Integer number : numbers) {
        Refusal refusal = refusals.get(number);
        if (open.contains(number) && !delays.containsKey(number) && refusal != null) {
          end(number, refusal.error());
        }
      }
      numbers = List.copyOf(delays.keySet());
      pause(delays.values().stream().max(Long::compare).orElse(0L));
    }
    return sendAlone(numbers);
  }

  private @Nullable StateException sendAlone(List<Integer> numbers) {
    for (int number : numbers) {
      StateException error = sendAlone(number, calls.get(number));
      if (error != null && Route.isUnheard(error)) {
        fail(numbers, error);
        return error;
      }
    }
    return null;
  }

  private @Nullable StateException sendAlone(int number, Call<?, ? extends R> call) {
    try {
      R result = connection.send(call);
      done(number, result);
      return null;
    } catch (StateException error) {
      // Sending it has told the call.
      outcomes.set(number, new Outcome.Failed<>(error));
      open.remove(number);
      return error;
    }
  }

  private @Nullable StateException sendTogether(List<Integer> numbers, long endsNanos) {
    BatchRequest.Builder request = BatchRequest.newBuilder();
    for (int number : numbers) {
      Operation.Builder operation = request.addOperationsBuilder();
      calls.get(number).rpc().put(operation, calls.get(number).request());
    }
    Call<BatchResponse, BatchResponse> message =
        Call.of(Rpc.BATCH, request.build(), ExecutionRef.ofNamespace(""), response -> response)
            .within(Duration.ofNanos(Math.max(1, endsNanos - System.nanoTime())));
    BatchResponse response;
    try {
      response = connection.send(message);
    } catch (StateException error) {
      return error;
    }
    for (int at = 0; at < numbers.size(); at++) {
      read(numbers.get(at), calls.get(numbers.get(at)), response.getResults(at));
    }
    return null;
  }

  private <A extends Message> void read(
      int number, Call<A, ? extends R> call, OperationResult result) {
    if (result.hasError()) {
      // It may be tried again, and has not ended.
      Failure failure = Failure.of(result.getError());
      refusals.put(number, new Refusal(connection.route().translate(failure, call), failure));
      return;
    }
    try {
      done(number, call.finish().apply(call.rpc().take(result)));
    } catch (StateException error) {
      end(number, error);
    }
  }

  /**
   * After which time to send calls again, by number; without those that stay as they are.
   *
   * <p>From behind: where a call is done, or refused for good, nothing before it on the same
   * execution may be done any more.
   */
  private NavigableMap<Integer, Long> delays(List<Integer> numbers, int attempt, long leftNanos) {
    NavigableMap<Integer, Long> delays = new TreeMap<>();
    Set<ExecutionRef> passed = new HashSet<>();
    for (int at = numbers.size() - 1; at >= 0; at--) {
      int number = numbers.get(at);
      Call<?, ?> call = calls.get(number);
      ExecutionRef whose =
          new ExecutionRef(call.execution().namespace(), call.execution().executionId(), null, "");
      Refusal refusal = open.contains(number) ? refusals.get(number) : null;
      OptionalLong delay = OptionalLong.empty();
      if (refusal != null) {
        delay =
            hasNoRoom(refusal)
                ? OptionalLong.of(0)
                : Retries.delayNanos(refusal.failure(), refusal.error(), attempt);
      }
      if (delay.isEmpty() || delay.getAsLong() >= leftNanos) {
        passed.add(whose);
      } else if (!passed.contains(whose)) {
        delays.put(number, delay.getAsLong());
      }
    }
    return delays;
  }

  /** Whether a call has to be sent alone: its answer does not fit among others. */
  private static boolean hasNoRoom(@Nullable Refusal refusal) {
    return refusal != null
        && refusal.error() instanceof InvalidRequestException invalid
        && invalid.violations().stream().anyMatch(each -> each.field().equals("operation"));
  }

  private static void pause(long nanos) {
    try {
      TimeUnit.NANOSECONDS.sleep(nanos);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new CallCancelledException(
          ExecutionRef.ofNamespace("").facts("the thread was interrupted"));
    }
  }

  private void done(int number, R result) {
    outcomes.set(number, new Outcome.Done<>(result));
    open.remove(number);
  }

  /** Ends calls with an error that is not theirs alone. */
  private void fail(Collection<Integer> numbers, StateException error) {
    for (Integer number : List.copyOf(numbers)) {
      if (open.contains(number)) {
        end(number, Errors.at(calls.get(number).execution(), error));
      }
    }
  }

  private void end(int number, StateException error) {
    outcomes.set(number, new Outcome.Failed<>(error));
    open.remove(number);
    calls.get(number).giveUp().accept(error);
  }
}
