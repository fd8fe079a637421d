package statekeeper

import (
	"context"
	"errors"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/internal/backoff"
	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
)

const transactionTimeoutDefault = time.Minute

// Transaction changes the state all or nothing, and only if nobody else has changed it.
//
//	result, err := sm.Transaction(ctx, func(state *statekeeper.State) error {
//		state.MemberOutputs["payment"] = map[string]any{"id": "ch_123"}
//		return nil
//	})
//
// What was changed in the state, however deep inside, is written by one update; what was not
// is not sent. All documents can be written to: one that is absent shows as empty, and stays
// absent if it is left so. A document that is set to nil is removed. If the function fails,
// nothing is written, and the transaction fails with its error.
//
// The function is called again, with the new state, where somebody else wrote in between. The
// result is nil where nothing was changed. The state that the function was given last is
// moved on to the new revision.
//
// It takes [WithTimeout] (a minute; 0: one attempt), [WithTTL] and [WithActor].
//
// It fails with a [StateNotFoundError] where the execution does not exist, a [ConflictError]
// where somebody else wrote in between until the timeout, a [SerializationError] where a
// value cannot be sent, and a [StateTooLargeError] where it would become larger than 10 MiB.
func (sm *StateManager) Transaction(ctx context.Context, fn func(state *State) error, options ...TransactionOption) (*WriteResult, error) {
	_, result, err := sm.transact(ctx, gathered(options), func(state *State) error {
		absent := fillAbsent(state)
		if err := fn(state); err != nil {
			return err
		}
		for _, document := range absent {
			if len(*document) == 0 {
				*document = nil
			}
		}
		return nil
	})
	return result, err
}

// fillAbsent makes absent documents empty, and tells which they are.
func fillAbsent(state *State) []*Document {
	var absent []*Document
	for _, field := range documentsOf(state) {
		if *field.document == nil {
			*field.document = Document{}
			absent = append(absent, field.document)
		}
	}
	if state.Labels == nil {
		state.Labels = map[string]string{}
	}
	return absent
}

// transact changes the state and commits it, again after each conflict.
func (sm *StateManager) transact(ctx context.Context, s *settings, change func(*State) error) (*State, *WriteResult, error) {
	timeout := transactionTimeoutDefault
	if s.timeout != nil {
		timeout = *s.timeout
	}
	// What is wrong with the options is told before anything is done.
	if _, err := writeSpan("timeout", timeout); err != nil {
		return nil, nil, sm.located(err)
	}
	if _, err := sm.writing(ctx, s); err != nil {
		return nil, nil, err
	}
	attempts := backoff.NewConflict(timeout)
	for {
		state, result, err := sm.attempt(ctx, s, change)
		if !errors.Is(err, ErrConflict) {
			return state, result, err
		}
		delay, again := attempts.Next()
		if !again {
			return nil, nil, err
		}
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return nil, nil, site{target: sm.channel.target, at: sm.at}.ended(ctx)
		}
	}
}

func (sm *StateManager) attempt(ctx context.Context, s *settings, change func(*State) error) (*State, *WriteResult, error) {
	state, before, err := sm.draft(ctx)
	if err != nil {
		return nil, nil, err
	}
	revision := state.Revision
	if err := change(state); err != nil {
		return nil, nil, err
	}
	made, err := sm.commit(ctx, s, state, before, revision)
	if err != nil || made == nil {
		return state, nil, err
	}
	result, err := send(ctx, sm.channel, made, nil)
	if err != nil {
		return nil, nil, err
	}
	moveOn(state, result)
	return state, result, nil
}

// draft loads a state to be changed, and gives what it was.
func (sm *StateManager) draft(ctx context.Context) (*State, *pb.ExecutionState, error) {
	made, err := sm.load(&settings{})
	state, err := send(ctx, sm.channel, made, err)
	if err != nil {
		return nil, nil, err
	}
	if state == nil {
		return nil, nil, sm.located(&StateNotFoundError{StateError{
			Code: ErrStateNotFound, Message: "there is no state to change",
		}})
	}
	// What was read is encoded again to be compared with: others may write the same value
	// as another text.
	before, err := writeState(state)
	return state, before, sm.located(err)
}

// commit makes the call that writes what was changed; nil: nothing was.
func (sm *StateManager) commit(ctx context.Context, s *settings, state *State, before *pb.ExecutionState, revision int64) (*call[*WriteResult], error) {
	if state.StartTime.IsZero() {
		return nil, sm.located(invalid("start_time", "cannot be removed"))
	}
	after, err := writeState(state)
	if err != nil {
		return nil, sm.located(err)
	}
	if err := sm.checkID(state.ID); err != nil {
		return nil, err
	}
	request := commitRequest(before, after)
	if request == nil {
		return nil, nil
	}
	written := *s
	written.expectedRevision = &revision
	if request.Options, err = sm.writing(ctx, &written); err != nil {
		return nil, err
	}
	request.Key = sm.at.key()
	return sm.sendUpdate(request), nil
}
