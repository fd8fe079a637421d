package dev.statekeeper.conformance;

import dev.statekeeper.client.Watch;
import dev.statekeeper.client.WatchOptions;
import dev.statekeeper.client.model.EventKind;
import dev.statekeeper.client.model.Status;
import dev.statekeeper.client.model.WatchEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Watches, and waiting for a status. */
final class Watches {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final String NAMESPACE_DEFAULT = "execution-state";

  private Watches() {}

  static Object watch(Session session, Command command) {
    WatchOptions options = options(command);
    Watch watch =
        command.has("manager")
            ? session.manager(command).watch(options)
            : session
                .client(command)
                .watch(
                    command.maybeText("namespace").orElse(NAMESPACE_DEFAULT),
                    command.maybeText("id_prefix").orElse(""),
                    options);
    session.watches.put(command.text("watch"), watch);
    return null;
  }

  private static WatchOptions options(Command command) {
    WatchOptions options = WatchOptions.NONE;
    if (command.flag("snapshot")) {
      options = options.withSnapshot();
    }
    if (command.has("after_revision")) {
      options = options.withAfterRevision(command.number("after_revision"));
    }
    if (command.has("resume_token")) {
      options = options.withResumeToken(command.text("resume_token"));
    }
    if (command.has("kinds")) {
      options =
          options.withKinds(
              command.texts("kinds").stream().map(EventKind::of).toArray(EventKind[]::new));
    }
    if (command.has("include")) {
      options = options.withInclude(WatchOptions.Include.of(command.text("include")));
    }
    if (command.has("heartbeat")) {
      options = options.withHeartbeat(command.span("heartbeat").orElseThrow());
    }
    if (command.has("give_up_after")) {
      options = options.withGiveUpAfter(command.span("give_up_after").orElseThrow());
    }
    if (command.has("on_compacted")) {
      options = options.withOnCompacted(WatchOptions.OnCompacted.of(command.text("on_compacted")));
    }
    return options;
  }

  static Object events(Session session, Command command) {
    Watch watch = session.watches.get(command.text("watch"));
    long endsNanos = System.nanoTime() + command.span("timeout").orElse(TIMEOUT).toNanos();
    List<WatchEvent> events = new ArrayList<>();
    while (events.size() < command.number("count")) {
      Optional<WatchEvent> event = watch.poll(Duration.ofNanos(endsNanos - System.nanoTime()));
      if (event.isEmpty()) {
        break;
      }
      events.add(event.get());
    }
    return events;
  }

  static Object close(Session session, Command command) {
    session.watches.get(command.text("watch")).close();
    return null;
  }

  static Object waitFor(Session session, Command command) {
    Set<Status> any = command.texts("status").stream().map(Status::of).collect(Collectors.toSet());
    return session.manager(command).waitFor(any, command.span("timeout").orElse(null));
  }
}
