package statekeeper

import (
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
)

// A WriteResult is what a write did.
type WriteResult struct {
	// Namespace is that of the execution written.
	Namespace string
	// ExecutionID is the execution written.
	ExecutionID string
	// Revision is its revision now: the value to expect next. For a delete, the deletion's
	// position in the log; 0: nothing was there.
	Revision int64
	// Version is the number of changes since creation, this one included; 0 after a delete.
	Version int64
	// UpdateTime is when it was written.
	UpdateTime time.Time
	// Replayed tells whether this is the first result again, for a repeated request id:
	// what the others tell was so right after the write.
	Replayed bool
	// Warnings are sentences for people: what was done but had better be changed.
	Warnings []string
	// ExpireTime is when the execution expires unless it is written again, as this write has
	// left it; zero: never, or there is none.
	ExpireTime time.Time
}

// A DeleteResult is what a delete did.
type DeleteResult struct {
	WriteResult
	// Existed tells whether there was anything to remove.
	Existed bool
}

// A PauseResult is what a pause did.
type PauseResult struct {
	WriteResult
	// Token is what [StateManager.Resume] takes, once. It is a secret: who has it can answer.
	Token ResumeToken
	// PauseID is the pause; no secret.
	PauseID string
}

// A ResumeResult is what a resume did.
type ResumeResult struct {
	WriteResult
	// Member is the member that had paused.
	Member string
	// PauseID is the pause that was answered.
	PauseID string
}

func readWriteResult(message *pb.WriteResult) WriteResult {
	return WriteResult{
		Namespace:   message.GetKey().GetNamespace(),
		ExecutionID: message.GetKey().GetExecutionId(),
		Revision:    message.GetRevision(),
		Version:     message.GetVersion(),
		UpdateTime:  readTime(message.GetUpdateTime()),
		Replayed:    message.GetReplayed(),
		Warnings:    message.GetWarnings(),
		ExpireTime:  readTime(message.GetExpireTime()),
	}
}
