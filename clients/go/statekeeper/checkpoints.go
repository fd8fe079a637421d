package statekeeper

import (
	"context"
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
)

// A Checkpoint is a name for a revision of an execution.
type Checkpoint struct {
	// Name is its name.
	Name string
	// Timestamp is when it was made.
	Timestamp time.Time
	// Revision is the one that it names.
	Revision int64
	// Actor is who made it, as given with the write; empty: not given.
	Actor string
	// State is the state that it names; nil: not asked for.
	State *State
}

type checkpointsOption struct {
	option
	forCheckpoints
}

// WithCheckpointStates fetches the states of the checkpoints as well.
func WithCheckpointStates() CheckpointsOption {
	return checkpointsOption{option: func(s *settings) { s.withStates = true }}
}

// Checkpoint gives the state as it is a name of 1 to 256 bytes; it costs the same for any
// size of state. A checkpoint of the same name is replaced. The execution's revision does
// not move. An execution has at most 256.
//
// It fails with a [StateNotFoundError] where the execution does not exist.
func (sm *StateManager) Checkpoint(ctx context.Context, name string, options ...WriteOption) (*WriteResult, error) {
	made, err := sm.checkpoint(ctx, name, gathered(options))
	return send(ctx, sm.channel, made, err)
}

// Restore brings back the state that a checkpoint names, as a new revision, and closes the
// open pauses.
//
// It fails with a [CheckpointNotFoundError], and with a [StateNotFoundError] where the
// execution does not exist.
func (sm *StateManager) Restore(ctx context.Context, name string, options ...WriteOption) (*WriteResult, error) {
	made, err := sm.restore(ctx, name, gathered(options))
	return send(ctx, sm.channel, made, err)
}

// RestoreRevision brings back the state as it was right after a revision, as
// [StateManager.Restore] does.
//
// It fails with a [RevisionCompactedError] where that revision is no longer kept whole, and
// with a [StateNotFoundError].
func (sm *StateManager) RestoreRevision(ctx context.Context, revision int64, options ...WriteOption) (*WriteResult, error) {
	made, err := sm.restoreRevision(ctx, revision, gathered(options))
	return send(ctx, sm.channel, made, err)
}

// ListCheckpoints gives all checkpoints, the oldest first; empty: there is none. It takes
// [WithCheckpointStates].
func (sm *StateManager) ListCheckpoints(ctx context.Context, options ...CheckpointsOption) ([]*Checkpoint, error) {
	s := gathered(options)
	found := []*Checkpoint{}
	for checkpoint, err := range pages(ctx, sm.channel, func(token string) (*call[page[*Checkpoint]], error) {
		return sm.listCheckpoints(s, token)
	}) {
		if err != nil {
			return nil, err
		}
		found = append(found, checkpoint)
	}
	return found, nil
}

// DeleteCheckpoint removes a checkpoint. What does not exist is removed with success, and the
// result says so.
//
// It fails with a [StateNotFoundError] where the execution does not exist.
func (sm *StateManager) DeleteCheckpoint(ctx context.Context, name string, options ...WriteOption) (*DeleteResult, error) {
	made, err := sm.deleteCheckpoint(ctx, name, gathered(options))
	return send(ctx, sm.channel, made, err)
}

func (sm *StateManager) checkpoint(ctx context.Context, name string, s *settings) (*call[*WriteResult], error) {
	options, err := sm.naming(ctx, name, s)
	if err != nil {
		return nil, err
	}
	request := &pb.CheckpointRequest{Key: sm.at.key(), Options: options, Name: name}
	response := &pb.CheckpointResponse{}
	// It changes no state, but may well prolong its life.
	return writeCall(sm, rpcCheckpoint, request, response, func() (*WriteResult, error) {
		result := readWriteResult(response.GetResult())
		return &result, nil
	}), nil
}

// naming gives the options of a write that is about a checkpoint.
func (sm *StateManager) naming(ctx context.Context, name string, s *settings) (*pb.WriteOptions, error) {
	options, err := sm.writing(ctx, s)
	if err != nil {
		return nil, err
	}
	return options, sm.located(checkName("name", name))
}

func (sm *StateManager) restore(ctx context.Context, name string, s *settings) (*call[*WriteResult], error) {
	options, err := sm.naming(ctx, name, s)
	if err != nil {
		return nil, err
	}
	return sm.restoreCall(&pb.RestoreRequest{
		Key: sm.at.key(), Options: options, Target: &pb.RestoreRequest_Name{Name: name},
	}), nil
}

func (sm *StateManager) restoreRevision(ctx context.Context, revision int64, s *settings) (*call[*WriteResult], error) {
	options, err := sm.writing(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := checkRevision("revision", revision); err != nil {
		return nil, sm.located(err)
	}
	return sm.restoreCall(&pb.RestoreRequest{
		Key: sm.at.key(), Options: options, Target: &pb.RestoreRequest_Revision{Revision: revision},
	}), nil
}

func (sm *StateManager) restoreCall(request *pb.RestoreRequest) *call[*WriteResult] {
	response := &pb.RestoreResponse{}
	return writeCall(sm, rpcRestore, request, response, func() (*WriteResult, error) {
		result := readWriteResult(response.GetResult())
		return &result, nil
	})
}

func (sm *StateManager) listCheckpoints(s *settings, token string) (*call[page[*Checkpoint]], error) {
	if sm.refused != nil {
		return nil, sm.refused
	}
	request := &pb.ListCheckpointsRequest{Key: sm.at.key(), IncludeState: s.withStates, PageToken: token}
	response := &pb.ListCheckpointsResponse{}
	return plainCall(sm.at, rpcListCheckpoints, request, response, func() (page[*Checkpoint], error) {
		found, err := readAll(response.GetCheckpoints(), readCheckpoint)
		return page[*Checkpoint]{found, response.GetNextPageToken()}, err
	}), nil
}

func readCheckpoint(message *pb.Checkpoint) (*Checkpoint, error) {
	checkpoint := &Checkpoint{
		Name:      message.GetName(),
		Timestamp: readTime(message.GetCreateTime()),
		Revision:  message.GetRevision(),
		Actor:     message.GetActor(),
	}
	if message.State == nil {
		return checkpoint, nil
	}
	var err error
	if checkpoint.State, err = readState(message.GetState()); err != nil {
		return nil, err
	}
	checkpoint.State.Revision = checkpoint.Revision
	return checkpoint, nil
}

func (sm *StateManager) deleteCheckpoint(ctx context.Context, name string, s *settings) (*call[*DeleteResult], error) {
	options, err := sm.naming(ctx, name, s)
	if err != nil {
		return nil, err
	}
	request := &pb.DeleteCheckpointRequest{Key: sm.at.key(), Options: options, Name: name}
	response := &pb.DeleteCheckpointResponse{}
	return writeCall(sm, rpcDeleteCheckpoint, request, response, func() (*DeleteResult, error) {
		return &DeleteResult{readWriteResult(response.GetResult()), response.GetExisted()}, nil
	}), nil
}
