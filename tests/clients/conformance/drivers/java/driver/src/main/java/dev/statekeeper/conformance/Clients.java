package dev.statekeeper.conformance;

import dev.statekeeper.client.Client;
import dev.statekeeper.client.HandleOptions;
import dev.statekeeper.client.Tls;
import java.nio.file.Path;

/** Clients and handles. */
final class Clients {
  private Clients() {}

  static Object connect(Session session, Command command) {
    Client.Builder builder = Client.builder(command.text("target"));
    command.span("timeout").ifPresent(builder::timeout);
    command.maybeText("actor").ifPresent(builder::actor);
    command.maybeText("token").ifPresent(builder::token);
    if (command.has("tls")) {
      builder.tls(tls(Command.of(command.get("tls"))));
    }
    if (command.flag("cache_watch")) {
      builder.cacheWatch();
    }
    session.clients.put(command.text("client"), builder.build());
    return null;
  }

  private static Tls tls(Command files) {
    return new Tls(file(files, "ca"), file(files, "cert"), file(files, "key"));
  }

  private static Path file(Command files, String name) {
    return files.maybeText(name).map(Path::of).orElse(null);
  }

  static Object manager(Session session, Command command) {
    HandleOptions options = HandleOptions.NONE;
    if (command.has("namespace")) {
      options = options.withNamespace(command.text("namespace"));
    }
    if (command.has("ttl")) {
      options = options.withTtl(command.span("ttl").orElseThrow());
    }
    if (command.has("cache_ttl")) {
      options = options.withCacheTtl(command.span("cache_ttl").orElseThrow());
    }
    if (command.has("actor")) {
      options = options.withActor(command.text("actor"));
    }
    session.managers.put(
        command.text("manager"),
        session.client(command).stateManager(command.text("execution_id"), options));
    return null;
  }

  static Object close(Session session, Command command) {
    session.client(command).close();
    return null;
  }

  static Object reset(Session session, Command command) {
    session.reset();
    return null;
  }

  static Object cancel(Session session, Command command) {
    Thread thread = session.underWay.get(command.get("command"));
    if (thread != null) {
      thread.interrupt();
    }
    return null;
  }
}
