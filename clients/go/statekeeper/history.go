package statekeeper

import (
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
)

// An EventKind is what happened to an execution.
type EventKind string

const (
	// EventSaved: the whole state was written.
	EventSaved EventKind = "saved"
	// EventUpdated: parts of the state were written.
	EventUpdated EventKind = "updated"
	// EventDeleted: the execution was removed.
	EventDeleted EventKind = "deleted"
	// EventExpired: its time to live was over, and it was cleared away.
	EventExpired EventKind = "expired"
	// EventPaused: a pause was opened.
	EventPaused EventKind = "paused"
	// EventResumed: a pause was answered.
	EventResumed EventKind = "resumed"
	// EventPauseExpired: a pause was not answered in time.
	EventPauseExpired EventKind = "pause_expired"
	// EventCheckpointed: a checkpoint was made.
	EventCheckpointed EventKind = "checkpointed"
	// EventRestored: an earlier state was brought back.
	EventRestored EventKind = "restored"
	// EventLocked: the lock was granted.
	EventLocked EventKind = "locked"
	// EventUnlocked: the lock was released, or its lease was over.
	EventUnlocked EventKind = "unlocked"
	// EventSnapshot is of a watch: no change, but an execution as it was when the watch came
	// upon it.
	EventSnapshot EventKind = "snapshot"
	// EventSnapshotComplete is of a watch: all executions that there were have been told.
	EventSnapshotComplete EventKind = "snapshot_complete"
	// EventGap is of a watch: what happened meanwhile is no longer kept; the executions
	// follow as they are. Forget those that do not.
	EventGap EventKind = "gap"
	// EventUnknown is something that this client is too old to know.
	EventUnknown EventKind = "unknown"
)

// What may be asked for.
var eventNumbers = map[EventKind]pb.EventKind{
	EventSaved:        pb.EventKind_EVENT_KIND_SAVED,
	EventUpdated:      pb.EventKind_EVENT_KIND_UPDATED,
	EventDeleted:      pb.EventKind_EVENT_KIND_DELETED,
	EventExpired:      pb.EventKind_EVENT_KIND_EXPIRED,
	EventPaused:       pb.EventKind_EVENT_KIND_PAUSED,
	EventResumed:      pb.EventKind_EVENT_KIND_RESUMED,
	EventPauseExpired: pb.EventKind_EVENT_KIND_PAUSE_EXPIRED,
	EventCheckpointed: pb.EventKind_EVENT_KIND_CHECKPOINTED,
	EventRestored:     pb.EventKind_EVENT_KIND_RESTORED,
	EventLocked:       pb.EventKind_EVENT_KIND_LOCKED,
	EventUnlocked:     pb.EventKind_EVENT_KIND_UNLOCKED,
}

var eventKinds = inverted(eventNumbers)

func readEventKind(number pb.EventKind) EventKind {
	if kind, ok := eventKinds[number]; ok {
		return kind
	}
	if number == pb.EventKind_EVENT_KIND_SNAPSHOT {
		return EventSnapshot
	}
	return EventUnknown
}

// A Revision is one change of an execution, without the values.
type Revision struct {
	// Revision is the position of the change in the log.
	Revision int64
	// Version is the number of the change since creation, from 1.
	Version int64
	// Time is when it was written.
	Time time.Time
	// Kind is what was done.
	Kind EventKind
	// Status is the status after the change; empty: there is none.
	Status Status
	// Changed is what really changed: `status`, `context.userId`.
	Changed []string
	// Actor is who wrote, as given with the write; empty: not given.
	Actor string
	// PauseID is the pause, where the kind is about one; else empty.
	PauseID string
	// Checkpoint is the one that was restored or made; else empty.
	Checkpoint string
}

func readRevision(message *pb.Revision) (*Revision, error) {
	revision := &Revision{
		Revision:   message.GetRevision(),
		Version:    message.GetVersion(),
		Time:       readTime(message.GetTime()),
		Kind:       readEventKind(message.GetKind()),
		Changed:    message.GetChanged(),
		Actor:      message.GetActor(),
		PauseID:    message.GetPauseId(),
		Checkpoint: message.GetCheckpoint(),
	}
	if message.GetStatus() == pb.Status_STATUS_UNSPECIFIED {
		return revision, nil
	}
	var err error
	revision.Status, err = readStatus(message.GetStatus())
	return revision, err
}
