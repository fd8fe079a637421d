package statekeeper

import (
	"fmt"
	"maps"
	"time"
	"unicode/utf8"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

var statusNumbers = map[Status]pb.Status{
	StatusRunning:   pb.Status_STATUS_RUNNING,
	StatusWaiting:   pb.Status_STATUS_WAITING,
	StatusPaused:    pb.Status_STATUS_PAUSED,
	StatusCompleted: pb.Status_STATUS_COMPLETED,
	StatusFailed:    pb.Status_STATUS_FAILED,
}

var statuses = inverted(statusNumbers)

func inverted[K, V comparable](names map[K]V) map[V]K {
	found := make(map[V]K, len(names))
	for name, number := range names {
		found[number] = name
	}
	return found
}

func writeStatus(field string, status Status) (pb.Status, error) {
	number, ok := statusNumbers[status]
	if !ok {
		return 0, invalid(field, "%q is none of running, waiting, paused, completed, failed", status)
	}
	return number, nil
}

func readStatus(number pb.Status) (Status, error) {
	status, ok := statuses[number]
	if !ok {
		return "", unknown("status", number)
	}
	return status, nil
}

// unknown says that the server sent what only a newer client knows.
func unknown(what string, number fmt.Stringer) error {
	message := fmt.Sprintf("the server sent %s %s, which this client does not know", what, number)
	return &InternalError{StateError{Code: ErrInternal, Message: message}}
}

// writeState gives the message of a state. What stands beside it is the server's to say.
func writeState(state *State) (*pb.ExecutionState, error) {
	message, err := writeChanges(&Changes{
		Status:        state.Status,
		Input:         state.Input,
		Context:       state.Context,
		MemberOutputs: state.MemberOutputs,
		CurrentMember: state.CurrentMember,
		StartTime:     state.StartTime,
		Metadata:      state.Metadata,
		Labels:        state.Labels,
		SchemaVersion: state.SchemaVersion,
	})
	if err != nil {
		return nil, err
	}
	if message.Status == pb.Status_STATUS_UNSPECIFIED {
		return nil, invalid("status", "is required")
	}
	message.Id = state.ID
	return message, nil
}

func writeChanges(changes *Changes) (*pb.ExecutionState, error) {
	message := &pb.ExecutionState{}
	var err error
	if changes.Status != "" {
		if message.Status, err = writeStatus("status", changes.Status); err != nil {
			return nil, err
		}
	}
	if message.Input, err = writeDocument(changes.Input, "input"); err != nil {
		return nil, err
	}
	if message.Context, err = writeDocument(changes.Context, "context"); err != nil {
		return nil, err
	}
	if message.MemberOutputs, err = writeDocument(changes.MemberOutputs, "member_outputs"); err != nil {
		return nil, err
	}
	if message.Metadata, err = writeDocument(changes.Metadata, "metadata"); err != nil {
		return nil, err
	}
	if message.CurrentMember, err = writeText("current_member", changes.CurrentMember); err != nil {
		return nil, err
	}
	if message.SchemaVersion, err = writeText("schema_version", changes.SchemaVersion); err != nil {
		return nil, err
	}
	if message.StartTime, err = writeTime("start_time", changes.StartTime); err != nil {
		return nil, err
	}
	if message.Labels, err = writeLabels(changes.Labels); err != nil {
		return nil, err
	}
	return message, nil
}

func writeText(field, text string) (*string, error) {
	if text == "" {
		return nil, nil
	}
	if err := checkText(field, text); err != nil {
		return nil, err
	}
	return proto.String(text), nil
}

func writeLabels(labels map[string]string) (map[string]string, error) {
	for key, label := range labels {
		if !utf8.ValidString(key) || !utf8.ValidString(label) {
			return nil, invalid("labels", "the label %q is not UTF-8", key)
		}
	}
	return maps.Clone(labels), nil
}

// writeTime gives the message of an instant; nil: it is zero.
func writeTime(field string, instant time.Time) (*timestamppb.Timestamp, error) {
	if instant.IsZero() {
		return nil, nil
	}
	written := timestamppb.New(instant)
	if written.CheckValid() != nil {
		return nil, invalid(field, "must lie in the years 1 to 9999 (UTC)")
	}
	return written, nil
}

// readTime gives an instant; zero: there is none.
func readTime(message *timestamppb.Timestamp) time.Time {
	if message == nil {
		return time.Time{}
	}
	return message.AsTime()
}

// readState reads a state, without what stands beside it.
func readState(message *pb.ExecutionState) (*State, error) {
	status, err := readStatus(message.GetStatus())
	if err != nil {
		return nil, err
	}
	state := &State{
		ID:            message.GetId(),
		Status:        status,
		CurrentMember: message.GetCurrentMember(),
		StartTime:     readTime(message.GetStartTime()),
		Labels:        maps.Clone(message.GetLabels()),
		SchemaVersion: message.GetSchemaVersion(),
	}
	for _, field := range []struct {
		name    string
		message *pb.Document
		target  *Document
	}{
		{"input", message.GetInput(), &state.Input},
		{"context", message.GetContext(), &state.Context},
		{"member_outputs", message.GetMemberOutputs(), &state.MemberOutputs},
		{"metadata", message.GetMetadata(), &state.Metadata},
	} {
		if *field.target, err = readDocument(field.message, field.name); err != nil {
			return nil, err
		}
	}
	return state, nil
}

// readExecution reads an execution. Partial tells whether only some fields were asked for.
func readExecution(execution *pb.Execution, partial bool) (*State, error) {
	state, err := readState(execution.GetState())
	if err != nil {
		return nil, err
	}
	state.Revision = execution.GetRevision()
	state.Version = execution.GetVersion()
	state.CreateTime = readTime(execution.GetCreateTime())
	state.UpdateTime = readTime(execution.GetUpdateTime())
	state.ExpireTime = readTime(execution.GetExpireTime())
	state.Partial = partial
	for _, each := range execution.GetPauses() {
		pause, err := readPause(each, execution.GetKey())
		if err != nil {
			return nil, err
		}
		state.Pauses = append(state.Pauses, *pause)
	}
	if state.SharedState, err = readDocument(execution.GetSharedState(), "shared_state"); err != nil {
		return nil, err
	}
	return state, nil
}
