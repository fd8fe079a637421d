package dev.statekeeper.conformance;

import dev.statekeeper.client.Migration;
import dev.statekeeper.client.StateManager;
import dev.statekeeper.client.Transaction;
import dev.statekeeper.client.TransactionOptions;
import dev.statekeeper.client.errors.CallCancelledException;
import dev.statekeeper.client.errors.ErrorFacts;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.TransactionState;
import dev.statekeeper.client.model.WriteResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Transactions and migrations. */
final class Transactions {
  private Transactions() {}

  /** The edits of one transaction, and what came of them. */
  private static final class Work {
    private final Session session;
    private final List<Command> edits;
    private TransactionState state;
    private int attempts;

    Work(Session session, Command command) {
      this.session = session;
      this.edits = command.commands("edits");
    }

    void change(TransactionState given) {
      state = given;
      attempts++;
      for (Command edit : edits) {
        if (!edit.has("meanwhile")) {
          Edits.apply(edit, given);
        } else if (attempts == 1) {
          meanwhile(Command.of(edit.get("meanwhile")));
        }
      }
    }

    private void meanwhile(Command command) {
      try {
        session.perform(command);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw new CallCancelledException(ErrorFacts.of("the command was cancelled"));
      }
    }
  }

  static Object transaction(Session session, Command command) {
    Work work = new Work(session, command);
    StateManager manager = session.manager(command);
    Optional<WriteResult> result;
    if ("block".equals(command.get("form"))) {
      try (Transaction transaction = manager.begin(options(command))) {
        work.change(transaction.state());
        result = transaction.commit();
      }
    } else {
      result = manager.transaction(work::change, options(command));
    }
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("state", Plain.of(work.state));
    told.put("result", Plain.of(result));
    told.put("attempts", work.attempts);
    return told;
  }

  static Object migrate(Session session, Command command) {
    List<UnaryOperator<ExecutionState>> transformers = new ArrayList<>();
    for (Object edits : command.list("transformers")) {
      transformers.add(
          state -> {
            Values.list(edits).forEach(edit -> Edits.apply(Command.of(edit), state));
            return state;
          });
    }
    Migration migration =
        new Migration(command.text("from_version"), command.text("to_version"), transformers);
    StateManager manager = session.manager(command);
    return command.flag("dry_run") ? manager.migrateDryRun(migration) : manager.migrate(migration);
  }

  private static TransactionOptions options(Command command) {
    TransactionOptions options = TransactionOptions.NONE;
    if (command.has("timeout")) {
      options = options.withTimeout(command.span("timeout").orElseThrow());
    }
    if (command.has("ttl")) {
      options = options.withTtl(command.span("ttl").orElseThrow());
    }
    if (command.has("actor")) {
      options = options.withActor(command.text("actor"));
    }
    return options;
  }
}
