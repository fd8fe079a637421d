package statekeeper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// WaitFor waits until the execution has one of these statuses, and gives its state then. It
// need not exist yet. It waits for as long as the context lasts. No state that it passes
// through is overlooked, but for those that are history before anybody could look, while the
// server could not be reached for a long time.
//
//	ctx, cancel := context.WithTimeout(ctx, time.Minute)
//	defer cancel()
//	state, err := sm.WaitFor(ctx, statekeeper.StatusCompleted, statekeeper.StatusFailed)
//
// It fails with a [WaitTimeoutError] where the context's deadline comes first.
func (sm *StateManager) WaitFor(ctx context.Context, statuses ...Status) (*State, error) {
	if len(statuses) == 0 {
		return nil, sm.located(invalid("status", "must not be empty"))
	}
	wanted := make([]string, 0, len(statuses))
	for _, status := range statuses {
		if _, err := writeStatus("status", status); err != nil {
			return nil, sm.located(err)
		}
		wanted = append(wanted, string(status))
	}
	return sm.wait(ctx, waiting{
		wanted:   strings.Join(wanted, " or "),
		concerns: func(event *Event) bool { return slices.Contains(statuses, event.Status) },
		holds:    func(state *State) bool { return slices.Contains(statuses, state.Status) },
	})
}

// WaitUntil waits until a function says of the execution's state that it is as it should be,
// as [StateManager.WaitFor] does.
func (sm *StateManager) WaitUntil(ctx context.Context, holds func(state *State) bool) (*State, error) {
	return sm.wait(ctx, waiting{
		wanted:   "what was waited for",
		include:  IncludeState,
		concerns: func(event *Event) bool { return event.State != nil || event.ValuesMissing },
		holds:    holds,
	})
}

// waiting is what somebody waits for.
type waiting struct {
	wanted  string
	include Include
	// Tells whether the state after an event is to be looked at.
	concerns func(event *Event) bool
	holds    func(state *State) bool
}

func (sm *StateManager) wait(ctx context.Context, what waiting) (*State, error) {
	if sm.refused != nil {
		return nil, sm.refused
	}
	var last Status
	state, err := sm.follow(ctx, what, &last)
	if err == nil || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return state, err
	}
	found := "there is no execution"
	if last != "" {
		found = "it is " + string(last)
	}
	return nil, sm.located(&WaitTimeoutError{
		StateError: StateError{
			Code:    ErrWaitTimeout,
			Message: fmt.Sprintf("not %s before the context's deadline: %s", what.wanted, found),
			cause:   ctx.Err(),
		},
		Status: last,
	})
}

// follow watches until the state is as it should be, and tells the last status that was seen.
func (sm *StateManager) follow(ctx context.Context, what waiting, last *Status) (*State, error) {
	watch, err := newWatch(ctx, sm.channel, sm.at, &settings{snapshot: true, restarts: true, include: what.include})
	if err != nil {
		return nil, err
	}
	defer watch.Close()
	for {
		event, err := watch.Next(ctx)
		if err != nil {
			return nil, err
		}
		if event.Kind == EventGap || event.Kind == EventSnapshotComplete {
			continue
		}
		*last = ""
		if event.ExecutionRevision == 0 {
			continue
		}
		*last = event.Status
		if !what.concerns(event) {
			continue
		}
		state := event.State
		if state == nil {
			if state, err = sm.stateAt(ctx, event.ExecutionRevision); err != nil {
				return nil, err
			}
		}
		if state != nil && what.holds(state) {
			return state, nil
		}
	}
}

// stateAt loads the state at a revision or, where that is no longer kept, as it is.
func (sm *StateManager) stateAt(ctx context.Context, revision int64) (*State, error) {
	made, err := sm.load(&settings{revision: &revision})
	state, err := send(ctx, sm.channel, made, err)
	if !errors.Is(err, ErrRevisionCompacted) {
		return state, err
	}
	made, err = sm.load(&settings{})
	return send(ctx, sm.channel, made, err)
}
