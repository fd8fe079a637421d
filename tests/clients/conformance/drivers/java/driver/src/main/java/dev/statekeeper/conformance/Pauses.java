package dev.statekeeper.conformance;

import dev.statekeeper.client.Client;
import dev.statekeeper.client.PauseOptions;
import dev.statekeeper.client.PauseRef;
import dev.statekeeper.client.WriteOptions;
import dev.statekeeper.client.model.ExpiryAction;

/** Pauses: opened, answered, looked up, listed. */
final class Pauses {
  private static final String NAMESPACE_DEFAULT = "execution-state";

  private Pauses() {}

  static Object pause(Session session, Command command) {
    return session.manager(command).pause(options(command), Values.writeOptions(command));
  }

  static PauseOptions options(Command command) {
    PauseOptions options =
        PauseOptions.of(command.text("member"), command.text("reason"))
            .withData(Values.value(command.get("data")))
            .withDefaultInput(Values.value(command.get("default_input")));
    if (command.has("expires_at")) {
      options = options.withExpiresAt(command.instant("expires_at").orElseThrow());
    }
    if (command.has("on_expiry")) {
      options = options.withOnExpiry(ExpiryAction.of(command.text("on_expiry")));
    }
    return options;
  }

  static Object resume(Session session, Command command) {
    Object input = Values.value(command.get("input"));
    WriteOptions options = Values.writeOptions(command);
    return command.has("manager")
        ? session.manager(command).resume(ref(command), input, options)
        : session.client(command).resume(command.text("token"), input, options);
  }

  static PauseRef ref(Command command) {
    if (command.has("token") && command.has("pause_id")) {
      throw new Unsupported("the compiler refuses it");
    }
    return command.has("pause_id")
        ? PauseRef.id(command.text("pause_id"))
        : PauseRef.token(command.text("token"));
  }

  static Object get(Session session, Command command) {
    return command.has("manager")
        ? session.manager(command).getPause(ref(command))
        : session.client(command).getPause(command.text("token"));
  }

  static Object list(Session session, Command command) {
    Client client = session.client(command);
    String namespace = command.maybeText("namespace").orElse(NAMESPACE_DEFAULT);
    return command.has("page_size")
        ? client.listPauses(namespace, (int) command.number("page_size"))
        : client.listPauses(namespace);
  }
}
