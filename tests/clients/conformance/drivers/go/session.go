package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

// A session has what commands have given names to.
type session struct {
	mu       sync.Mutex
	named    map[string]any
	underWay map[int64]context.CancelFunc
}

func newSession() *session {
	return &session{named: map[string]any{}, underWay: map[int64]context.CancelFunc{}}
}

// begin notes a command that is under way.
func (s *session) begin(id int64) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.underWay[id] = cancel
	return ctx
}

func (s *session) end(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.underWay[id]()
	delete(s.underWay, id)
}

func (s *session) cancel(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel, ok := s.underWay[id]; ok {
		cancel()
	}
}

func (s *session) cancelAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, cancel := range s.underWay {
		cancel()
	}
}

// keep gives something a name of its kind.
func (s *session) keep(kind, name string, what any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.named[kind+" "+name] = what
}

// found gives what has a name of a kind.
func found[T any](s *session, kind, name string) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	what, ok := s.named[kind+" "+name]
	if !ok {
		panic(fmt.Sprintf("there is no %s %q", kind, name))
	}
	return what.(T)
}

func (s *session) client(given command) *statekeeper.Client {
	return found[*statekeeper.Client](s, "client", given.text("client"))
}

func (s *session) manager(given command) *statekeeper.StateManager {
	return found[*statekeeper.StateManager](s, "manager", given.text("manager"))
}

// reset closes and forgets everything.
func (s *session) reset() {
	s.mu.Lock()
	named := s.named
	s.named = map[string]any{}
	s.mu.Unlock()
	for _, what := range named {
		if client, ok := what.(*statekeeper.Client); ok {
			_ = client.Close()
		}
	}
}

// do does a command.
func (s *session) do(ctx context.Context, given command) (any, error) {
	act, ok := actions[given.text("do")]
	if !ok {
		return nil, fmt.Errorf("there is no command %q", given.text("do"))
	}
	var result any
	err := refusals(func() (err error) {
		result, err = act(ctx, s, given)
		return err
	})
	return result, err
}

// refusals gives as an error what was thrown because the client has no such thing.
func refusals(act func() error) (err error) {
	defer func() {
		switch thrown := recover().(type) {
		case nil:
		case unsupported:
			err = thrown
		default:
			panic(thrown)
		}
	}()
	return act()
}
