package statekeeper

import (
	"context"
	"sync"
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
)

const (
	lockTimeoutDefault = 30 * time.Second
	leaseDefault       = 30 * time.Second
	// A call has to be given some time, or it fails before it is sent.
	callTimeoutMin = time.Millisecond
)

type lockOption struct {
	option
	forLock
}

// WithLease tells how long a lock lasts unless it is renewed, 1 ms to 24 h; if it is not
// given, as long as [WithTimeout] is.
func WithLease(lease time.Duration) LockOption {
	return lockOption{option: func(s *settings) { s.lease = &lease }}
}

// WithExclusive lets writes without the lock be refused with a [LockedError] while it is held.
func WithExclusive() LockOption {
	return lockOption{option: func(s *settings) { s.exclusive = true }}
}

// WithOwner tells who asks for a lock, 1 to 256 bytes. Who has the same name gets the same
// grant, wherever it is. If it is not given, nobody else has it.
func WithOwner(owner string) LockOption {
	return lockOption{option: func(s *settings) { s.owner = &owner }}
}

// A LockHolder is who holds the lock of an execution.
type LockHolder struct {
	// Owner is who asked for it.
	Owner string
	// FencingToken is larger with every grant.
	FencingToken int64
	// LeaseExpireTime is when the lease is over unless it is renewed.
	LeaseExpireTime time.Time
	// Exclusive tells whether writes without the fencing token are refused.
	Exclusive bool
}

// A Lock is the lock of an execution that was granted. The lease is over after its time,
// unless [Lock.Renew] is called, or it is held by [Lock.Do].
type Lock struct {
	sm    *StateManager
	grant *grant

	mu        sync.Mutex
	givenBack bool
}

// Lock asks for the lock of the execution, which need not exist, and waits for its turn.
//
// Goroutines that share a handle exclude one another. The writes of the handle carry the
// lock's fencing token from then on, so that they are refused with a [FencedError] if it is
// lost. Who asks again with the context of [Lock.Do] or [Lock.Context], where the lock is
// held, gets the same grant; what asks later is to be released earlier.
//
// It takes [WithTimeout], [WithLease], [WithExclusive] and [WithOwner].
//
// It fails with a [LockTimeoutError] where somebody else holds the lock for all that time.
func (sm *StateManager) Lock(ctx context.Context, options ...LockOption) (*Lock, error) {
	s := gathered(options)
	wait := lockTimeoutDefault
	if s.timeout != nil {
		wait = *s.timeout
	}
	return sm.askLock(ctx, s, wait)
}

// TryLock is [StateManager.Lock] that does not wait.
func (sm *StateManager) TryLock(ctx context.Context, options ...LockOption) (*Lock, error) {
	return sm.askLock(ctx, gathered(options), 0)
}

// WithLock asks for the lock as [StateManager.Lock] does, and calls a function while it is
// held, as [Lock.Do] does.
//
//	err := sm.WithLock(ctx, func(ctx context.Context) error {
//		_, err := sm.Update(ctx, statekeeper.Changes{Status: statekeeper.StatusRunning})
//		return err
//	})
func (sm *StateManager) WithLock(ctx context.Context, fn func(ctx context.Context) error, options ...LockOption) error {
	lock, err := sm.Lock(ctx, options...)
	if err != nil {
		return err
	}
	return lock.Do(ctx, fn)
}

// Unlock releases what this context holds, or else this handle, however often it was asked
// for. It tells whether it was held; false: nobody holds the lock.
//
// It fails with a [FencedError] where it was lost and somebody else holds the lock, and with
// a [LockedError] where this handle holds nothing and somebody else does.
func (sm *StateManager) Unlock(ctx context.Context) (bool, error) {
	return send(ctx, sm.channel, sm.unlockAll(ctx), sm.refused)
}

// IsLocked tells whether anybody holds the lock.
func (sm *StateManager) IsLocked(ctx context.Context) (bool, error) {
	holder, err := sm.GetLock(ctx)
	return holder != nil, err
}

// GetLock tells who holds the lock; nil: nobody.
func (sm *StateManager) GetLock(ctx context.Context) (*LockHolder, error) {
	request := &pb.GetLockRequest{Key: sm.at.key()}
	response := &pb.GetLockResponse{}
	return send(ctx, sm.channel, plainCall(sm.at, rpcGetLock, request, response, func() (*LockHolder, error) {
		return readLockHolder(response.Holder), nil
	}), sm.refused)
}

// Owner gives who asked for it, as the server knows it.
func (l *Lock) Owner() string { return l.grant.owner }

// FencingToken is larger with every grant, for others to check.
func (l *Lock) FencingToken() int64 { return l.grant.token }

// LeaseExpireTime gives until when it lasts unless it is renewed, by the server's clock.
func (l *Lock) LeaseExpireTime() time.Time {
	l.grant.mu.Lock()
	defer l.grant.mu.Unlock()
	return l.grant.expireTime
}

// Lost tells whether somebody else may have it by now: it could not be renewed, or its lease
// is over by the clock of this machine.
func (l *Lock) Lost() bool { return l.grant.lost() }

// Context gives a context in which the lock is held: who asks for it with that gets the same
// grant.
func (l *Lock) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, heldKey{&l.sm.grants}, l.grant)
}

// Do calls a function while the lock is held, renews the lease for as long as it runs, and
// releases the lock in the end. The function's context is that of [Lock.Context]; it is
// cancelled when the lock is lost, with a [FencedError] as its cause.
//
// It fails with what the function fails with.
func (l *Lock) Do(ctx context.Context, fn func(ctx context.Context) error) (err error) {
	held, cancel := context.WithCancelCause(l.Context(ctx))
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		l.keepRenewed(held, cancel)
	}()
	defer func() {
		cancel(nil)
		<-renewed
		// What went wrong in the function is what matters then.
		if _, failed := l.Unlock(context.WithoutCancel(ctx)); err == nil {
			err = failed
		}
		// Whether or not the server could be told.
		if !l.grant.isHeld() {
			l.sm.grants.forget(l.grant)
		}
	}()
	return fn(held)
}

// keepRenewed renews the lease until it is lost, or the context ends.
func (l *Lock) keepRenewed(ctx context.Context, lost context.CancelCauseFunc) {
	for {
		delay, ok := l.grant.renewalIn()
		if !ok {
			if !l.grant.isReleased() {
				lost(l.sm.located(&FencedError{StateError{
					Code: ErrFenced, Message: "the lock was lost: its lease could not be renewed",
				}}))
			}
			return
		}
		if delay == 0 {
			made, err := l.sm.renewLock(l.grant, nil, true)
			if _, err := send(ctx, l.sm.channel, made, err); err != nil {
				l.grant.renewalFailed()
			}
			continue
		}
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return
		}
	}
}

// Renew prolongs the lease, from now on. It takes [WithLease]; if it is not given, the lease
// is as long as last time.
//
// It fails with a [FencedError] where the lease was over, and with a [LockedError] where
// somebody else has the lock.
func (l *Lock) Renew(ctx context.Context, options ...LockOption) error {
	made, err := l.sm.renewLock(l.grant, gathered(options).lease, false)
	_, err = send(ctx, l.sm.channel, made, err)
	return err
}

// Unlock releases the lock, and tells whether it was still ours; that it was not is no error.
// Nothing is done with nil, which is what there is where the lock was not granted.
func (l *Lock) Unlock(ctx context.Context) (bool, error) {
	if l == nil || l.grant.isReleased() {
		return false, nil
	}
	l.mu.Lock()
	again := l.givenBack
	l.givenBack = true
	l.mu.Unlock()
	if !again && !l.grant.leave() {
		// Asked for while it was held: whoever holds it goes on.
		return !l.grant.lost(), nil
	}
	if l.grant.isHeld() {
		return false, nil
	}
	released, err := send(ctx, l.sm.channel, l.sm.unlockGrant(l.grant), nil)
	if isGone(err) {
		return false, nil
	}
	return released, err
}
