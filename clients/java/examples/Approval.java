import dev.statekeeper.client.Client;
import dev.statekeeper.client.HandleOptions;
import dev.statekeeper.client.PauseOptions;
import dev.statekeeper.client.StateManager;
import dev.statekeeper.client.WriteOptions;
import dev.statekeeper.client.errors.InvalidTokenException;
import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.Pause;
import dev.statekeeper.client.model.Resumption;
import dev.statekeeper.client.model.StateFields;
import dev.statekeeper.client.model.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A refund that waits for a person, in a process that does not.
 *
 * <pre>
 * examples/run Approval run refund-17     # pauses, prints a token, ends
 * examples/run Approval inbox             # what waits for an answer
 * examples/run Approval approve TOKEN     # another process, another day
 * examples/run Approval run refund-17     # goes on where it stopped
 * </pre>
 *
 * <p>Between the lines nothing runs but the server, and that may be restarted as well. {@code run}
 * may be called as often as you like: what is done is not done again. {@code wait refund-17} starts
 * a process that waits, and goes on as soon as somebody has answered. The server is that of {@code
 * STATEKEEPER_TARGET}, or 127.0.0.1:7460.
 */
final class Approval {
  private static final String NAMESPACE = "refunds";

  private final Client client;

  private Approval(Client client) {
    this.client = client;
  }

  public static void main(String[] arguments) {
    String target = System.getenv().getOrDefault("STATEKEEPER_TARGET", "127.0.0.1:7460");
    try (Client client = Client.connect(target)) {
      System.out.println(new Approval(client).perform(List.of(arguments)));
    } catch (StateException error) {
      System.err.println(error.code() + ": " + error.getMessage());
      System.exit(1);
    }
  }

  private String perform(List<String> command) {
    if (command.equals(List.of("inbox"))) {
      return inbox();
    }
    if (command.size() == 2) {
      String name = command.get(1);
      switch (command.get(0)) {
        case "run":
          return run(refund(name));
        case "wait":
          return await(refund(name));
        case "approve":
          return answer(name, true);
        case "refuse":
          return answer(name, false);
        default:
          break;
      }
    }
    return "usage: Approval run REFUND | wait REFUND | inbox | approve TOKEN | refuse TOKEN";
  }

  private StateManager refund(String name) {
    return client.stateManager(name, HandleOptions.in(NAMESPACE));
  }

  /** Takes the refund as far as it goes, and says where that is. */
  private static String run(StateManager refund) {
    Optional<ExecutionState> loaded = refund.load();
    if (loaded.isEmpty()) {
      PauseOptions pause =
          PauseOptions.of("approve-refund", "a refund above 100 needs a person")
              .withData(Map.of("amount", 120, "customer", "Ada"));
      return "waiting for approval; answer with: " + refund.pause(pause).token();
    }
    ExecutionState state = loaded.get();
    if (state.status() == Status.PAUSED) {
      return "still waiting for approval";
    }
    if (state.status() == Status.COMPLETED) {
      return "done before";
    }
    Resumption approval = state.pauses().get(state.pauses().size() - 1).resumption();
    boolean approved =
        approval != null
            && approval.input() != null
            && Boolean.TRUE.equals(approval.input().get("approved"));
    String outcome = approved ? "paid back" : "refused";
    // Only the process that is the first to say so has done it.
    refund.update(
        new StateFields()
            .status(Status.COMPLETED)
            .memberOutputs(Map.of("refund", Map.of("outcome", outcome))),
        WriteOptions.NONE.withExpectedRevision(state.revision()));
    return outcome;
  }

  /** Waits for the answer, and goes on. */
  private static String await(StateManager refund) {
    System.out.println(run(refund));
    refund.waitFor(state -> state.status() != Status.PAUSED, Duration.ofDays(1));
    return run(refund);
  }

  private String inbox() {
    String waiting =
        client.listPauses(NAMESPACE).stream()
            .map(pause -> pause.executionId() + ": " + pause.reason() + " " + pause.data())
            .collect(Collectors.joining("\n"));
    return waiting.isEmpty() ? "nothing waits for an answer" : waiting;
  }

  /** Answers a pause. All it needs is the token. */
  private String answer(String token, boolean approved) {
    try {
      Pause pause = client.getPause(token);
      client.resume(token, Map.of("approved", approved));
      return "answered " + pause.executionId() + ": " + pause.reason();
    } catch (InvalidTokenException error) {
      return "this token is no good: it is unknown, used or too old";
    }
  }
}
