package statekeeper

import (
	"log/slog"
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
)

// An ExpiryAction is what becomes of a pause that nobody has answered in time.
type ExpiryAction string

const (
	// ExpiryFail is the default: the execution's status becomes `failed`, which closes its
	// other pauses too.
	ExpiryFail ExpiryAction = "fail"
	// ExpiryResume: the pause is answered with its default input.
	ExpiryResume ExpiryAction = "resume"
	// ExpiryKeep: it stays paused. The token is void, the pause id is not.
	ExpiryKeep ExpiryAction = "keep"
)

// A PauseStatus is where a pause stands.
type PauseStatus string

const (
	// PauseOpen: it waits for an answer.
	PauseOpen PauseStatus = "open"
	// PauseOverdue: its time is over, its token is void, and it still waits.
	PauseOverdue PauseStatus = "overdue"
	// PauseResumed: it was answered.
	PauseResumed PauseStatus = "resumed"
	// PauseExpired: its time was over before anybody answered.
	PauseExpired PauseStatus = "expired"
	// PauseVoided: the execution went on without an answer.
	PauseVoided PauseStatus = "voided"
)

// A Pause is one pause of an execution. Its token is known to whoever paused alone.
type Pause struct {
	// Namespace is that of its execution.
	Namespace string
	// ExecutionID is its execution.
	ExecutionID string
	// PauseID names it among all pauses of the execution; no secret.
	PauseID string
	// Status is where it stands.
	Status PauseStatus
	// Member is the member that paused.
	Member string
	// Reason is why.
	Reason string
	// Data is what the person needs to see; nil: nothing.
	Data Document
	// CreateTime is when it was opened.
	CreateTime time.Time
	// ExpireTime is from when on the token is void and OnExpiry happens.
	ExpireTime time.Time
	// OnExpiry is what becomes of it then.
	OnExpiry ExpiryAction
	// DefaultInput is the answer that [ExpiryResume] gives.
	DefaultInput Document
	// Actor is who paused, as given with the write; empty: not given.
	Actor string
	// Resumption is the answer; nil: there is none.
	Resumption *Resumption
	// Execution is what is known of its execution where the pause was looked up or listed:
	// all but its documents and its pauses. Nil where the pause stands in a [State].
	Execution *State
}

// Waits tells whether it still waits for an answer.
func (p *Pause) Waits() bool {
	return p.Status == PauseOpen || p.Status == PauseOverdue
}

// A Resumption is the answer to a pause.
type Resumption struct {
	// Input is what was answered; nil: nothing.
	Input Document
	// Actor is who answered, as given with the write; empty: not given.
	Actor string
	// Time is when.
	Time time.Time
}

// A ResumeToken resumes a pause, once: `hitl_...`. It is a secret, as who has it can answer;
// so log/slog and the verb %#v, with which values are logged, do not show it.
type ResumeToken string

const hiddenToken = "(a resume token)"

// GoString hides the token.
func (ResumeToken) GoString() string { return hiddenToken }

// LogValue hides the token.
func (ResumeToken) LogValue() slog.Value { return slog.StringValue(hiddenToken) }

var expiryNumbers = map[ExpiryAction]pb.ExpiryAction{
	ExpiryFail:   pb.ExpiryAction_EXPIRY_ACTION_FAIL,
	ExpiryResume: pb.ExpiryAction_EXPIRY_ACTION_RESUME,
	ExpiryKeep:   pb.ExpiryAction_EXPIRY_ACTION_KEEP,
}

var expiryActions = inverted(expiryNumbers)

var pauseStatuses = map[pb.PauseStatus]PauseStatus{
	pb.PauseStatus_PAUSE_STATUS_OPEN:    PauseOpen,
	pb.PauseStatus_PAUSE_STATUS_OVERDUE: PauseOverdue,
	pb.PauseStatus_PAUSE_STATUS_RESUMED: PauseResumed,
	pb.PauseStatus_PAUSE_STATUS_EXPIRED: PauseExpired,
	pb.PauseStatus_PAUSE_STATUS_VOIDED:  PauseVoided,
}

func readPause(message *pb.Pause, key *pb.ExecutionKey) (*Pause, error) {
	status, ok := pauseStatuses[message.GetStatus()]
	if !ok {
		return nil, unknown("pause status", message.GetStatus())
	}
	onExpiry, ok := expiryActions[message.GetOnExpiry()]
	if !ok {
		return nil, unknown("expiry action", message.GetOnExpiry())
	}
	pause := &Pause{
		Namespace:   key.GetNamespace(),
		ExecutionID: key.GetExecutionId(),
		PauseID:     message.GetPauseId(),
		Status:      status,
		Member:      message.GetMember(),
		Reason:      message.GetReason(),
		CreateTime:  readTime(message.GetCreateTime()),
		ExpireTime:  readTime(message.GetExpireTime()),
		OnExpiry:    onExpiry,
		Actor:       message.GetActor(),
	}
	name := "pauses." + pause.PauseID
	var err error
	if pause.Data, err = readDocument(message.GetData(), name+".data"); err != nil {
		return nil, err
	}
	if pause.DefaultInput, err = readDocument(message.GetDefaultInput(), name+".default_input"); err != nil {
		return nil, err
	}
	if answer := message.GetResumption(); answer != nil {
		pause.Resumption = &Resumption{Actor: answer.GetActor(), Time: readTime(answer.GetTime())}
		if pause.Resumption.Input, err = readDocument(answer.GetInput(), name+".resumption.input"); err != nil {
			return nil, err
		}
	}
	return pause, nil
}

// readPauseOf reads a pause together with what is told of its execution.
func readPauseOf(message *pb.Pause, execution *pb.Execution) (*Pause, error) {
	pause, err := readPause(message, execution.GetKey())
	if err != nil {
		return nil, err
	}
	if pause.Execution, err = readExecution(execution, true); err != nil {
		return nil, err
	}
	// They come without their entries, and what is not known must not look as if it were
	// empty.
	known := pause.Execution
	known.Input, known.Context, known.MemberOutputs, known.Metadata = nil, nil, nil, nil
	return pause, nil
}
