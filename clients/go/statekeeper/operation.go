package statekeeper

import (
	"context"
	"errors"

	"google.golang.org/protobuf/proto"
)

// An Operation is something to do with one execution, for [Client.Batch]; made by
// [StateManager.Operation]. It is one of the *[Op] types.
type Operation interface {
	// prepare makes its call.
	prepare(ctx context.Context) error
	client() *Client
	out() *outgoing
	// take reads the response, which is in its place.
	take() error
	// settle notes why there is no result.
	settle(err error)
	outcome() error
}

// An Op is an [Operation] with a result of one type. Nothing is done with it, and its
// arguments are not looked at, until a batch is sent. Sent again, it is done again. It must
// not be in two batches at once.
type Op[T any] struct {
	sm     *StateManager
	make   func(ctx context.Context) (*call[T], error)
	made   *call[T]
	result T
	err    error
}

var errNotSent = errors.New("this operation was in no batch that was sent")

// Result gives what became of it in the last batch: what the handle's method would have
// given.
func (o *Op[T]) Result() (T, error) {
	if o.made == nil && o.err == nil {
		return o.result, errNotSent
	}
	return o.result, o.err
}

func (o *Op[T]) prepare(ctx context.Context) (err error) {
	var none T
	o.result, o.err = none, nil
	o.made, err = o.make(ctx)
	return err
}

func (o *Op[T]) client() *Client { return o.sm.client }

func (o *Op[T]) out() *outgoing { return &o.made.outgoing }

func (o *Op[T]) take() error {
	result, err := o.made.finish()
	if err != nil {
		o.settle(o.made.at.located(err))
		return o.err
	}
	o.result, o.err = result, nil
	return nil
}

func (o *Op[T]) settle(err error) {
	var none T
	o.result, o.err = none, err
	o.made.end(o.sm.channel, err)
}

func (o *Op[T]) outcome() error { return o.err }

// Operations describe what [Client.Batch] is to do with one execution. The methods are those
// of the handle, with the same arguments, and with what the handle adds: its ttl, its actor,
// the token of the lock under which the batch is sent.
type Operations struct {
	sm *StateManager
}

// Operation gives what [Client.Batch] can do with the execution:
// `sm.Operation().Save(state)`.
func (sm *StateManager) Operation() Operations { return Operations{sm} }

func newOp[T any](sm *StateManager, make func(ctx context.Context) (*call[T], error)) *Op[T] {
	return &Op[T]{sm: sm, make: make}
}

// Save replaces the whole state: see [StateManager.Save].
func (o Operations) Save(state *State, options ...WriteOption) *Op[*WriteResult] {
	return newOp(o.sm, func(ctx context.Context) (*call[*WriteResult], error) {
		return o.sm.save(ctx, state, gathered(options))
	})
}

// Load reads the state: see [StateManager.Load]; the server is always asked.
func (o Operations) Load(options ...LoadOption) *Op[*State] {
	return newOp(o.sm, func(context.Context) (*call[*State], error) {
		return o.sm.load(gathered(options))
	})
}

// Update changes what is named and nothing else: see [StateManager.Update].
func (o Operations) Update(changes Changes, options ...UpdateOption) *Op[*WriteResult] {
	return newOp(o.sm, func(ctx context.Context) (*call[*WriteResult], error) {
		return o.sm.update(ctx, changes, gathered(options))
	})
}

// Delete removes the execution: see [StateManager.Delete].
func (o Operations) Delete(options ...WriteOption) *Op[*DeleteResult] {
	return newOp(o.sm, func(ctx context.Context) (*call[*DeleteResult], error) {
		return o.sm.delete(ctx, gathered(options))
	})
}

// Pause stops the execution until someone answers: see [StateManager.Pause].
func (o Operations) Pause(member, reason string, options ...PauseOption) *Op[*PauseResult] {
	return newOp(o.sm, func(ctx context.Context) (*call[*PauseResult], error) {
		return o.sm.pause(ctx, member, reason, gathered(options))
	})
}

// Resume answers a pause by its token: see [StateManager.Resume].
func (o Operations) Resume(token ResumeToken, input Document, options ...WriteOption) *Op[*ResumeResult] {
	return newOp(o.sm, func(ctx context.Context) (*call[*ResumeResult], error) {
		return o.sm.resume(ctx, pauseTarget{token: &token}, input, gathered(options))
	})
}

// ResumePause answers a pause by its id: see [StateManager.ResumePause].
func (o Operations) ResumePause(pauseID string, input Document, options ...WriteOption) *Op[*ResumeResult] {
	return newOp(o.sm, func(ctx context.Context) (*call[*ResumeResult], error) {
		return o.sm.resume(ctx, pauseTarget{pauseID: &pauseID}, input, gathered(options))
	})
}

// Checkpoint gives the state as it is a name: see [StateManager.Checkpoint].
func (o Operations) Checkpoint(name string, options ...WriteOption) *Op[*WriteResult] {
	return newOp(o.sm, func(ctx context.Context) (*call[*WriteResult], error) {
		return o.sm.checkpoint(ctx, name, gathered(options))
	})
}

// Restore brings back what a checkpoint names: see [StateManager.Restore].
func (o Operations) Restore(name string, options ...WriteOption) *Op[*WriteResult] {
	return newOp(o.sm, func(ctx context.Context) (*call[*WriteResult], error) {
		return o.sm.restore(ctx, name, gathered(options))
	})
}

// RestoreRevision brings back an earlier revision: see [StateManager.RestoreRevision].
func (o Operations) RestoreRevision(revision int64, options ...WriteOption) *Op[*WriteResult] {
	return newOp(o.sm, func(ctx context.Context) (*call[*WriteResult], error) {
		return o.sm.restoreRevision(ctx, revision, gathered(options))
	})
}

// DefineState defines the shared state: see [StateManager.DefineState].
func (o Operations) DefineState(definition StateDefinition, options ...DefineOption) *Op[*DefineResult] {
	return newOp(o.sm, func(ctx context.Context) (*call[*DefineResult], error) {
		return o.sm.defineState(ctx, definition, gathered(options))
	})
}

// ReadState reads the shared state as a member: see [Member.State].
func (o Operations) ReadState(member string) *Op[*View] {
	return newOp(o.sm, func(context.Context) (*call[*View], error) {
		return o.sm.readState(member)
	})
}

// WriteState writes to the shared state as a member: see [Member.SetState].
func (o Operations) WriteState(member string, updates Document, options ...SetStateOption) *Op[*StateWriteResult] {
	return newOp(o.sm, func(ctx context.Context) (*call[*StateWriteResult], error) {
		return o.sm.writeState(ctx, member, updates, gathered(options))
	})
}

// sizeOf tells what an operation takes in a message.
func sizeOf(o Operation) int { return proto.Size(o.out().request) + entryBytes }
