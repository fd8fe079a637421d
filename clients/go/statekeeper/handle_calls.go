package statekeeper

import (
	"context"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/protobuf/proto"
)

// plainCall makes a call that the cache has no part in.
func plainCall[T any](at execution, name rpc, request, response proto.Message, read func() (T, error)) *call[T] {
	return &call[T]{
		outgoing: outgoing{rpc: name, request: request, response: response, at: at},
		finish:   read,
	}
}

// writeResponse is the response of any write.
type writeResponse interface {
	proto.Message
	GetResult() *pb.WriteResult
}

// writeCall makes a call after which the cache's copy is no longer of use.
func writeCall[T any](sm *StateManager, name rpc, request proto.Message, response writeResponse, read func() (T, error)) *call[T] {
	ticket := sm.cache.Begin(sm.key)
	made := plainCall(sm.at, name, request, response, func() (T, error) {
		sm.cache.EndWrite(ticket, response.GetResult().GetRevision(), nil, 0)
		return read()
	})
	// It failed, and may be done all the same.
	made.giveUp = func(error) { sm.cache.EndWrite(ticket, 0, nil, 0) }
	return made
}

// writing gives the options of a write of this handle, made under this context.
func (sm *StateManager) writing(ctx context.Context, s *settings) (*pb.WriteOptions, error) {
	if sm.refused != nil {
		return nil, sm.refused
	}
	options, err := sm.at.writeOptions(s, sm.fencingToken(ctx))
	return options, sm.located(err)
}

// located says in an error of this side which execution it is about.
func (sm *StateManager) located(err error) error {
	if err == nil {
		return nil
	}
	return sm.at.located(err)
}

// fencingToken gives the token of the lock under which a context writes; 0: there is none.
func (sm *StateManager) fencingToken(ctx context.Context) int64 {
	if held := sm.grants.under(ctx); held != nil {
		return held.token
	}
	return 0
}
