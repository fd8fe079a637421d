import dev.statekeeper.client.Client;
import dev.statekeeper.client.StateManager;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.StateFields;
import dev.statekeeper.client.model.Status;
import java.util.Map;

/** Saves a state, changes it, and reads it: the first example of the README. */
final class Hello {
  private Hello() {}

  public static void main(String[] arguments) {
    String target = System.getenv().getOrDefault("STATEKEEPER_TARGET", "127.0.0.1:7460");
    try (Client client = Client.connect(target)) {
      StateManager order = client.stateManager("order-1042");
      order.save(new StateFields().status(Status.RUNNING).input(Map.of("amount", 39.90)));

      // All or nothing, and again if somebody else was faster.
      order.transaction(state -> state.memberOutputs().put("payment", Map.of("id", "ch_123")));

      ExecutionState state = order.load().orElseThrow();
      System.out.println(state.status() + " " + state.memberOutputs());
    }
  }
}
