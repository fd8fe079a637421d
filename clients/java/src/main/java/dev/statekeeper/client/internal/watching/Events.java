package dev.statekeeper.client.internal.watching;

import dev.statekeeper.client.internal.requests.Results;
import dev.statekeeper.client.internal.requests.StateMessages;
import dev.statekeeper.client.internal.requests.Times;
import dev.statekeeper.client.internal.values.Codec;
import dev.statekeeper.client.model.EventKind;
import dev.statekeeper.client.model.StateFields;
import dev.statekeeper.client.model.WatchEvent;
import dev.statekeeper.v1.Event;
import dev.statekeeper.v1.ExecutionState;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;

/** From the message of an event to what callers get. */
final class Events {
  private Events() {}

  /** Reads an event, with the place after it. */
  static WatchEvent read(Event event, Place place, Codec codec) {
    return new WatchEvent(
        Results.kindOf(event.getKind()),
        event.getKey().getNamespace(),
        event.getKey().getExecutionId(),
        event.getRevision(),
        event.getExecutionRevision(),
        event.getVersion(),
        Times.instant(event.getTime()),
        StateMessages.knownStatus(event.getStatus()),
        List.copyOf(event.getChangedList()),
        event.getActor(),
        event.getPauseId(),
        event.getCheckpoint(),
        event.getOwner(),
        event.hasChanges() ? changes(event, codec) : null,
        List.copyOf(event.getRemovedList()),
        event.hasExecution() ? StateMessages.read(event.getExecution(), false, codec) : null,
        event.getValuesMissing(),
        place);
  }

  /** Makes an event that tells of the watch itself. */
  static WatchEvent notice(EventKind kind, String namespace, Place place) {
    return new WatchEvent(
        kind,
        namespace,
        "",
        0,
        0,
        0,
        Instant.now(),
        null,
        List.of(),
        "",
        "",
        "",
        "",
        null,
        List.of(),
        null,
        false,
        place);
  }

  private static StateFields changes(Event event, Codec codec) {
    ExecutionState changes = event.getChanges();
    StateFields fields = new StateFields();
    var status = StateMessages.knownStatus(changes.getStatus());
    if (status != null) {
      fields.status(status);
    }
    if (changes.hasInput()) {
      fields.input(codec.fromDocument(changes.getInput(), "input"));
    }
    if (changes.hasContext()) {
      fields.context(codec.fromDocument(changes.getContext(), "context"));
    }
    if (changes.hasMemberOutputs()) {
      fields.memberOutputs(codec.fromDocument(changes.getMemberOutputs(), "member_outputs"));
    }
    if (changes.hasMetadata()) {
      fields.metadata(codec.fromDocument(changes.getMetadata(), "metadata"));
    }
    if (changes.hasCurrentMember()) {
      fields.currentMember(changes.getCurrentMember());
    }
    if (changes.hasSchemaVersion()) {
      fields.schemaVersion(changes.getSchemaVersion());
    }
    if (changes.hasStartTime()) {
      fields.startTime(Times.instant(changes.getStartTime()));
    }
    if (event.getChangedList().contains("labels")) {
      fields.labels(new LinkedHashMap<>(changes.getLabelsMap()));
    }
    return fields;
  }
}
