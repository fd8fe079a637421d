package statekeeper

import (
	"context"
	"iter"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/protobuf/proto"
)

// Save replaces the whole state, or creates the execution.
//
// A state that has a revision (it was loaded, or saved before) is saved only if the execution
// still is at that revision. It is moved on to the new one. Any other is saved whatever is
// there, unless [WithExpectedRevision] is given.
//
// It fails with a [ConflictError] where somebody else wrote since (load again), a
// [SerializationError] where a value cannot be sent, and a [StateTooLargeError] above 10 MiB.
func (sm *StateManager) Save(ctx context.Context, state *State, options ...WriteOption) (*WriteResult, error) {
	made, err := sm.save(ctx, state, gathered(options))
	return send(ctx, sm.channel, made, err)
}

// Load reads the state; nil: there is none, or it has expired.
//
// It takes [WithRevision] or [WithCheckpoint], and [WithFields].
//
// It fails with a [CheckpointNotFoundError] where there is no such checkpoint, and a
// [RevisionCompactedError] where that revision is no longer kept whole.
func (sm *StateManager) Load(ctx context.Context, options ...LoadOption) (*State, error) {
	s := gathered(options)
	if s.revision == nil && s.checkpoint == nil && s.fields == nil {
		if copied := sm.copied(); copied != nil {
			state, err := readExecution(copied, false)
			return state, sm.located(err)
		}
	}
	made, err := sm.load(s)
	return send(ctx, sm.channel, made, err)
}

// Update changes what is named and nothing else. Documents and labels are merged by their
// keys.
//
// Beside those of a write it takes [WithReplaced] and [WithRemoved].
//
// It fails with a [StateNotFoundError] where the execution does not exist, a
// [SerializationError] where a value cannot be sent, and a [StateTooLargeError] where it
// would become larger than 10 MiB.
func (sm *StateManager) Update(ctx context.Context, changes Changes, options ...UpdateOption) (*WriteResult, error) {
	made, err := sm.update(ctx, changes, gathered(options))
	return send(ctx, sm.channel, made, err)
}

// Delete removes the execution and all that belongs to it. What does not exist is removed
// with success, and the result says so.
func (sm *StateManager) Delete(ctx context.Context, options ...WriteOption) (*DeleteResult, error) {
	made, err := sm.delete(ctx, gathered(options))
	return send(ctx, sm.channel, made, err)
}

// ListRevisions gives the changes of the execution, the newest first, as far back as they are
// kept; none: there is no execution. It takes [WithPageSize].
func (sm *StateManager) ListRevisions(ctx context.Context, options ...RevisionsOption) iter.Seq2[*Revision, error] {
	s := gathered(options)
	return pages(ctx, sm.channel, func(token string) (*call[page[*Revision]], error) {
		return sm.listRevisions(s, token)
	})
}

func (sm *StateManager) save(ctx context.Context, state *State, s *settings) (*call[*WriteResult], error) {
	options, err := sm.writing(ctx, s)
	if err != nil {
		return nil, err
	}
	if s.expectedRevision == nil && state.Revision != 0 {
		options.ExpectedRevision = proto.Int64(state.Revision)
	}
	if state.Partial {
		return nil, sm.located(invalid("state",
			"was loaded with fields: saving it would remove what was not loaded; use Update"))
	}
	message, err := writeState(state)
	if err != nil {
		return nil, sm.located(err)
	}
	if err := sm.checkID(state.ID); err != nil {
		return nil, err
	}
	request := &pb.SaveRequest{Key: sm.at.key(), Options: options, State: message}
	response := &pb.SaveResponse{}
	before := sm.copied()
	ticket := sm.cache.Begin(sm.key)
	made := plainCall(sm.at, rpcSave, request, response, func() (*WriteResult, error) {
		result := readWriteResult(response.GetResult())
		saved := sm.saved(message, response.GetResult(), before)
		sm.cache.EndWrite(ticket, result.Revision, saved, sm.cacheTTL)
		moveOn(state, &result)
		return &result, nil
	})
	made.giveUp = func(error) { sm.cache.EndWrite(ticket, 0, nil, 0) }
	return made, nil
}

// checkID refuses a state that says that it is another execution's.
func (sm *StateManager) checkID(id string) error {
	if id == "" || id == sm.at.executionID {
		return nil
	}
	return sm.located(invalid("id", "%q is not the execution's, which is %q", id, sm.at.executionID))
}

func (sm *StateManager) load(s *settings) (*call[*State], error) {
	if sm.refused != nil {
		return nil, sm.refused
	}
	request := &pb.LoadRequest{Key: sm.at.key(), Revision: s.revision, Fields: s.fields}
	if s.revision != nil && s.checkpoint != nil {
		return nil, sm.located(invalid("checkpoint", "cannot be given together with revision"))
	}
	if s.revision != nil {
		if err := checkRevision("revision", *s.revision); err != nil {
			return nil, sm.located(err)
		}
	}
	if s.checkpoint != nil {
		if err := checkName("checkpoint", *s.checkpoint); err != nil {
			return nil, sm.located(err)
		}
		request.Checkpoint = *s.checkpoint
	}
	if err := checkTexts("fields", s.fields); err != nil {
		return nil, sm.located(err)
	}
	response := &pb.LoadResponse{}
	read := func() (*State, error) {
		if response.Execution == nil {
			return nil, nil
		}
		return readExecution(response.Execution, len(s.fields) > 0)
	}
	made := plainCall(sm.at, rpcLoad, request, response, read)
	if sm.cacheTTL == 0 || s.revision != nil || s.checkpoint != nil || len(s.fields) > 0 {
		return made, nil
	}
	ticket := sm.cache.Begin(sm.key)
	made.finish = func() (*State, error) {
		sm.cache.EndLoad(ticket, response.Execution, sm.cacheTTL)
		return read()
	}
	made.giveUp = func(error) { sm.cache.EndLoad(ticket, nil, 0) }
	return made, nil
}

func (sm *StateManager) update(ctx context.Context, changes Changes, s *settings) (*call[*WriteResult], error) {
	options, err := sm.writing(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := checkTexts("replace", s.replaced); err != nil {
		return nil, sm.located(err)
	}
	if err := checkTexts("remove", s.removed); err != nil {
		return nil, sm.located(err)
	}
	message, err := writeChanges(&changes)
	if err != nil {
		return nil, sm.located(err)
	}
	return sm.sendUpdate(&pb.UpdateRequest{
		Key: sm.at.key(), Options: options, Changes: message, Replace: s.replaced, Remove: s.removed,
	}), nil
}

// sendUpdate makes the call of an update whose request is there already.
func (sm *StateManager) sendUpdate(request *pb.UpdateRequest) *call[*WriteResult] {
	request.ReturnExecution = sm.wantsReturned()
	response := &pb.UpdateResponse{}
	ticket := sm.cache.Begin(sm.key)
	made := plainCall(sm.at, rpcUpdate, request, response, func() (*WriteResult, error) {
		result := readWriteResult(response.GetResult())
		var updated *pb.Execution
		if !result.Replayed {
			updated = response.Execution
		}
		sm.cache.EndWrite(ticket, result.Revision, updated, sm.cacheTTL)
		return &result, nil
	})
	made.giveUp = func(error) { sm.cache.EndWrite(ticket, 0, nil, 0) }
	return made
}

func (sm *StateManager) delete(ctx context.Context, s *settings) (*call[*DeleteResult], error) {
	if s.ttl != nil {
		return nil, sm.located(invalid("ttl", "has no meaning where an execution is deleted"))
	}
	if sm.refused != nil {
		return nil, sm.refused
	}
	options, err := sm.at.plainOptions(s, sm.fencingToken(ctx))
	if err != nil {
		return nil, sm.located(err)
	}
	request := &pb.DeleteRequest{Key: sm.at.key(), Options: options}
	response := &pb.DeleteResponse{}
	return writeCall(sm, rpcDelete, request, response, func() (*DeleteResult, error) {
		return &DeleteResult{readWriteResult(response.GetResult()), response.GetExisted()}, nil
	}), nil
}

func (sm *StateManager) listRevisions(s *settings, token string) (*call[page[*Revision]], error) {
	if sm.refused != nil {
		return nil, sm.refused
	}
	size, err := checkedPageSize(s)
	if err != nil {
		return nil, sm.located(err)
	}
	request := &pb.ListRevisionsRequest{Key: sm.at.key(), PageSize: size, PageToken: token}
	response := &pb.ListRevisionsResponse{}
	return plainCall(sm.at, rpcListRevisions, request, response, func() (page[*Revision], error) {
		revisions, err := readAll(response.GetRevisions(), readRevision)
		return page[*Revision]{revisions, response.GetNextPageToken()}, err
	}), nil
}

// moveOn brings what stands beside a state to where writing it has brought the execution.
func moveOn(state *State, result *WriteResult) {
	if state.Status != StatusPaused {
		for i := range state.Pauses {
			if state.Pauses[i].Waits() {
				state.Pauses[i].Status = PauseVoided
			}
		}
	}
	switch {
	case result.Version == 1:
		state.CreateTime = result.UpdateTime
	case state.Version != result.Version-1:
		// Others have written in between, and may have created it anew.
		state.CreateTime = readTime(nil)
	}
	state.ID = result.ExecutionID
	state.Revision = result.Revision
	state.Version = result.Version
	state.UpdateTime = result.UpdateTime
	state.ExpireTime = result.ExpireTime
}
