package statekeeper_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestALockIsRenewedWhileItIsHeld(t *testing.T) {
	renewals := make(chan struct{}, 100)
	f := &fake{renew: func() error {
		renewals <- struct{}{}
		return nil
	}}
	target, _ := f.serve(t, "127.0.0.1:0")
	sm := newClient(t, target).StateManager("e")
	err := sm.WithLock(limited(t), func(ctx context.Context) error {
		<-renewals
		<-renewals
		if _, err := sm.Save(ctx, large()); err != nil {
			return err
		}
		return ctx.Err()
	}, statekeeper.WithLease(300*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	if token := f.saves[0].GetOptions().GetFencingToken(); token != 11 {
		t.Errorf("it was saved with the token %d", token)
	}
	if f.unlocks != 1 {
		t.Errorf("it was released %d times", f.unlocks)
	}
	if _, err := sm.Save(limited(t), large()); err != nil {
		t.Fatal(err)
	}
	if token := f.saves[1].GetOptions().GetFencingToken(); token != 0 {
		t.Errorf("after the lock it was saved with the token %d", token)
	}
}

func TestWhoLosesTheLockIsTold(t *testing.T) {
	for name, failure := range map[string]error{
		"fenced":      refusal(codes.FailedPrecondition, "FENCED").Err(),
		"unreachable": status.Error(codes.Unavailable, "gone"),
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{renew: func() error { return failure }}
			target, _ := f.serve(t, "127.0.0.1:0")
			sm := newClient(t, target).StateManager("e")
			lock, err := sm.Lock(limited(t), statekeeper.WithLease(300*time.Millisecond))
			if err != nil {
				t.Fatal(err)
			}
			boom := errors.New("boom")
			err = lock.Do(limited(t), func(ctx context.Context) error {
				<-ctx.Done()
				if cause := context.Cause(ctx); !errors.Is(cause, statekeeper.ErrFenced) {
					t.Errorf("the context has ended with %v", cause)
				}
				if !lock.Lost() {
					t.Error("it is not lost")
				}
				// It must be refused, and not be done as if there had been no lock.
				if _, err := sm.Save(ctx, large()); !errors.Is(err, statekeeper.ErrCancelled) {
					t.Error(err)
				}
				return boom
			})
			if !errors.Is(err, boom) {
				t.Error(err)
			}
		})
	}
}

func TestWhereTheLockIsHeldIsToldByTheContext(t *testing.T) {
	f := &fake{}
	target, _ := f.serve(t, "127.0.0.1:0")
	sm := newClient(t, target).StateManager("e")
	lock, err := sm.Lock(limited(t))
	if err != nil {
		t.Fatal(err)
	}
	again, err := sm.Lock(lock.Context(limited(t)))
	if err != nil {
		t.Fatal(err)
	}
	if f.owners[1] != lock.Owner() {
		t.Error("it was asked for as somebody else")
	}
	if held, err := again.Unlock(limited(t)); !held || err != nil || f.unlocks != 0 {
		t.Errorf("%v %v, released %d times", held, err, f.unlocks)
	}
	if held, err := lock.Unlock(limited(t)); !held || err != nil || f.unlocks != 1 {
		t.Errorf("%v %v, released %d times", held, err, f.unlocks)
	}
	other, err := sm.Lock(limited(t))
	if err != nil {
		t.Fatal(err)
	}
	if other.Owner() == lock.Owner() {
		t.Error("it was asked for as the same owner elsewhere")
	}
	var none *statekeeper.Lock
	if held, err := none.Unlock(limited(t)); held || err != nil {
		t.Error("what was not granted cannot be released")
	}
}
