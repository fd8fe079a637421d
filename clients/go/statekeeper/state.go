package statekeeper

import (
	"maps"
	"slices"
	"time"
)

// A Status is where an execution stands.
type Status string

const (
	// StatusRunning: at work.
	StatusRunning Status = "running"
	// StatusWaiting: waiting for something other than a person.
	StatusWaiting Status = "waiting"
	// StatusPaused: stopped until it is resumed.
	StatusPaused Status = "paused"
	// StatusCompleted: ended well.
	StatusCompleted Status = "completed"
	// StatusFailed: ended badly.
	StatusFailed Status = "failed"
)

// A State is the state of an execution, and what the server keeps beside it.
//
// A state that came from [StateManager.Load] carries its revision: saving it is
// compare-and-set, and a successful save moves Revision and what follows on.
type State struct {
	// ID is the execution's; it may be left empty when saving.
	ID string
	// Status is required when saving.
	Status Status
	// Input is what the execution was started with.
	Input Document
	// Context is what it carries along.
	Context Document
	// MemberOutputs is what each member gave back, by the member's name.
	MemberOutputs Document
	// CurrentMember is the member at work; empty: absent.
	CurrentMember string
	// StartTime is when it began. Zero when saving: the stored time is kept, or it is now.
	StartTime time.Time
	// Metadata is what others want to know about it.
	Metadata Document
	// Labels are for finding executions: at most 32.
	Labels map[string]string
	// SchemaVersion is the version of the caller's own layout; empty: absent.
	SchemaVersion string

	// Revision is the position of the last change in the log, the token of
	// compare-and-set; 0: the state is not from the server.
	Revision int64
	// Version is the number of changes since creation, from 1.
	Version int64
	// CreateTime is when it was first saved; zero: not known.
	CreateTime time.Time
	// UpdateTime is when this state was written.
	UpdateTime time.Time
	// ExpireTime is from when on it reads as absent; zero: never.
	ExpireTime time.Time
	// Pauses are its pauses, the oldest first: all that wait, and of the others the 64 that
	// were opened last.
	Pauses []Pause
	// SharedState has the values of its shared state, where `shared_state` was asked for by
	// its name; else nil.
	SharedState Document
	// Partial tells whether it was loaded with [WithFields] and lacks the others. Such a
	// state cannot be saved, because that would remove them.
	Partial bool
}

// Clone gives a copy that shares neither documents nor labels nor pauses with the state. The
// values of documents are shared.
func (s *State) Clone() *State {
	clone := *s
	clone.Input = maps.Clone(s.Input)
	clone.Context = maps.Clone(s.Context)
	clone.MemberOutputs = maps.Clone(s.MemberOutputs)
	clone.Metadata = maps.Clone(s.Metadata)
	clone.Labels = maps.Clone(s.Labels)
	clone.SharedState = maps.Clone(s.SharedState)
	clone.Pauses = slices.Clone(s.Pauses)
	return &clone
}

// Changes are what [StateManager.Update] sets; what is left zero stays as it is.
type Changes struct {
	// Status is the new one.
	Status Status
	// Input has the entries to set; as the other documents it is merged by key, unless
	// [WithReplaced] names it.
	Input Document
	// Context has the entries to set.
	Context Document
	// MemberOutputs has the entries to set.
	MemberOutputs Document
	// CurrentMember is the new one.
	CurrentMember string
	// StartTime is the new one.
	StartTime time.Time
	// Metadata has the entries to set.
	Metadata Document
	// Labels are those to set.
	Labels map[string]string
	// SchemaVersion is the new one.
	SchemaVersion string
}
