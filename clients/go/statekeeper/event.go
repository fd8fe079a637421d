package statekeeper

import (
	"slices"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/internal/places"
	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
)

// An Event is one thing that happened to an execution. Of the kinds [EventGap] and
// [EventSnapshotComplete], which tell of the watch itself, all but Kind, Namespace, Time and
// the resume token is empty.
type Event struct {
	// Kind is what was done.
	Kind EventKind
	// Namespace is that of its execution.
	Namespace string
	// ExecutionID is the execution.
	ExecutionID string
	// Revision is the position in the log; of the kind [EventSnapshot], the execution's
	// revision.
	Revision int64
	// ExecutionRevision is the execution's revision after it, for [WithExpectedRevision]:
	// locks and checkpoints have a revision of their own and leave the execution at its. 0:
	// there is no execution.
	ExecutionRevision int64
	// Version is the number of changes since creation; 1: this created it.
	Version int64
	// Time is when it happened; of the kind [EventSnapshot], when the state was written.
	Time time.Time
	// Status is the one after it; of what was removed, the last one. Empty: there is none,
	// or this client is too old to know it.
	Status Status
	// Changed is what really changed: `status`, `context.userId`.
	Changed []string
	// Actor is who did it, as given with the write; empty: not given.
	Actor string
	// PauseID is the pause, where the kind is about one; else empty.
	PauseID string
	// Checkpoint is the one that was made or restored; else empty.
	Checkpoint string
	// Owner is who got or had the lock, where the kind is about it; else empty.
	Owner string
	// Changes is with [IncludeChanges] what was set: of documents the entries that were set, of
	// labels all. Merging it, and taking away what is Removed, makes of the state before it
	// the state after it. Nil: not asked for, nothing moved the execution's revision, or
	// another event of the same revision that came before has it.
	Changes *Changes
	// Removed is with [IncludeChanges] what is gone: `context.userId`.
	Removed []string
	// State is with [IncludeState] the state after it; with [IncludeChanges] too where the kind
	// is [EventSnapshot]. Nil: not asked for, there is none, or another event of the same
	// revision that came before has it.
	State *State
	// ValuesMissing tells whether values were asked for that cannot be told any more; load
	// the state where they are needed.
	ValuesMissing bool

	place places.Place
}

// ResumeToken gives what to store once this was dealt with: a watch goes on from it, right
// after this. It is short for the last event of a message. For the others it names what was
// given of the message, and is worked out when it is asked for.
func (e *Event) ResumeToken() string { return e.place.Text() }

func readEvent(message *pb.Event, place places.Place) (*Event, error) {
	event := &Event{
		Kind:              readEventKind(message.GetKind()),
		Namespace:         message.GetKey().GetNamespace(),
		ExecutionID:       message.GetKey().GetExecutionId(),
		Revision:          message.GetRevision(),
		ExecutionRevision: message.GetExecutionRevision(),
		Version:           message.GetVersion(),
		Time:              readTime(message.GetTime()),
		Status:            statuses[message.GetStatus()],
		Changed:           message.GetChanged(),
		Actor:             message.GetActor(),
		PauseID:           message.GetPauseId(),
		Checkpoint:        message.GetCheckpoint(),
		Owner:             message.GetOwner(),
		Removed:           message.GetRemoved(),
		ValuesMissing:     message.GetValuesMissing(),
		place:             place,
	}
	var err error
	if message.Changes != nil {
		if event.Changes, err = readChanges(message); err != nil {
			return nil, err
		}
	}
	if message.Execution != nil {
		event.State, err = readExecution(message.Execution, false)
	}
	return event, err
}

func readChanges(message *pb.Event) (*Changes, error) {
	set := message.GetChanges()
	changes := &Changes{
		Status:        statuses[set.GetStatus()],
		CurrentMember: set.GetCurrentMember(),
		StartTime:     readTime(set.GetStartTime()),
		SchemaVersion: set.GetSchemaVersion(),
	}
	if slices.Contains(message.GetChanged(), "labels") {
		changes.Labels = map[string]string{}
		for key, label := range set.GetLabels() {
			changes.Labels[key] = label
		}
	}
	var err error
	if changes.Input, err = readDocument(set.Input, "input"); err != nil {
		return nil, err
	}
	if changes.Context, err = readDocument(set.Context, "context"); err != nil {
		return nil, err
	}
	if changes.MemberOutputs, err = readDocument(set.MemberOutputs, "member_outputs"); err != nil {
		return nil, err
	}
	changes.Metadata, err = readDocument(set.Metadata, "metadata")
	return changes, err
}

// notice makes an event that tells of the watch itself.
func notice(kind EventKind, namespace string, place places.Place) *Event {
	return &Event{Kind: kind, Namespace: namespace, Time: time.Now().UTC(), place: place}
}
