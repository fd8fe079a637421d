package statekeeper

import (
	"context"
	"errors"
	"fmt"
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
)

// isGone tells whether an answer says of a grant that it is no longer ours.
func isGone(err error) bool {
	return errors.Is(err, ErrFenced) || errors.Is(err, ErrLocked)
}

func (sm *StateManager) askLock(ctx context.Context, s *settings, wait time.Duration) (*Lock, error) {
	if sm.refused != nil {
		return nil, sm.refused
	}
	made, err := sm.lockCall(ctx, s, wait)
	return send(ctx, sm.channel, made, sm.located(err))
}

func (sm *StateManager) lockCall(ctx context.Context, s *settings, wait time.Duration) (*call[*Lock], error) {
	lease := leaseDefault
	switch {
	case s.lease != nil:
		lease = *s.lease
	case s.timeout != nil && *s.timeout != 0:
		// Who does not want to wait at all still wants the lock for a while.
		lease = *s.timeout
	}
	held := sm.grants.held(ctx)
	owner := randomID()
	var cleanup *outgoing
	switch {
	case held != nil && (s.owner == nil || *s.owner == held.owner):
		owner = held.owner
		// What is held already must not end earlier because of this.
		held.mu.Lock()
		lease = max(lease, held.lease)
		held.mu.Unlock()
	case s.owner != nil:
		owner = *s.owner
		if err := checkName("owner", owner); err != nil {
			return nil, err
		}
	default:
		// No other grant has this owner, so none is released by mistake.
		cleanup = &sm.unlockOwner(owner).outgoing
	}
	request := &pb.LockRequest{Key: sm.at.key(), Owner: owner, Exclusive: s.exclusive}
	var err error
	if request.Wait, err = writeSpan("timeout", wait); err != nil {
		return nil, err
	}
	if request.Lease, err = writeSpan("lease", lease); err != nil {
		return nil, err
	}
	if request.Options, err = sm.at.plainOptions(&settings{}, 0); err != nil {
		return nil, err
	}
	response := &pb.LockResponse{}
	made := plainCall(sm.at, rpcLock, request, response, func() (*Lock, error) {
		if !response.GetAcquired() {
			return nil, notGranted(response.Holder)
		}
		taken := sm.grants.take(ctx, owner, response.GetFencingToken())
		taken.prolong(lease, readTime(response.GetLeaseExpireTime()), time.Now())
		return &Lock{sm: sm, grant: taken}, nil
	})
	made.wait, made.cleanup = wait, cleanup
	return made, nil
}

func notGranted(holder *pb.LockHolder) error {
	failed := &LockTimeoutError{StateError: StateError{
		Code: ErrLockTimeout, Message: "the lock was not granted in time",
	}}
	if holder != nil {
		failed.Owner = holder.GetOwner()
		failed.ExpireTime = readTime(holder.GetLeaseExpireTime()).Format(time.RFC3339Nano)
		failed.Message = fmt.Sprintf("the lock is held by %s until %s at least", failed.Owner, failed.ExpireTime)
		failed.Metadata = map[string]string{"owner": failed.Owner, "expire_time": failed.ExpireTime}
	}
	return failed
}

// renewLock makes the call that prolongs a lease; nil: for as long as last time. InTime tells
// whether an answer after the lease is of no use.
func (sm *StateManager) renewLock(held *grant, lease *time.Duration, inTime bool) (*call[struct{}], error) {
	held.mu.Lock()
	span, left := held.lease, time.Until(held.over)
	held.mu.Unlock()
	if lease != nil {
		span = *lease
	}
	request := &pb.RenewLockRequest{
		Key: sm.at.key(), Holder: &pb.RenewLockRequest_FencingToken{FencingToken: held.token},
	}
	var err error
	if request.Lease, err = writeSpan("lease", span); err != nil {
		return nil, sm.located(err)
	}
	if request.Options, err = sm.at.plainOptions(&settings{}, 0); err != nil {
		return nil, sm.located(err)
	}
	since := time.Now()
	response := &pb.RenewLockResponse{}
	made := plainCall(sm.at, rpcRenewLock, request, response, func() (struct{}, error) {
		held.prolong(span, readTime(response.GetLeaseExpireTime()), since)
		return struct{}{}, nil
	})
	made.giveUp = func(err error) {
		if isGone(err) {
			held.lose()
		}
	}
	if inTime {
		made.limit = max(callTimeoutMin, left)
	}
	return made, nil
}

// unlockGrant makes the call that releases a grant.
func (sm *StateManager) unlockGrant(held *grant) *call[bool] {
	made := sm.unlockCall(&pb.UnlockRequest{
		Holder: &pb.UnlockRequest_FencingToken{FencingToken: held.token},
	})
	read := made.finish
	made.finish = func() (bool, error) {
		sm.grants.forget(held)
		return read()
	}
	made.giveUp = func(err error) {
		if isGone(err) {
			sm.grants.forget(held)
		}
	}
	made.cleanup = &sm.unlockCall(made.request.(*pb.UnlockRequest)).outgoing
	return made
}

// unlockAll makes the call that releases whatever a context holds, or else the handle.
func (sm *StateManager) unlockAll(ctx context.Context) *call[bool] {
	held := sm.grants.under(ctx)
	if held == nil {
		// So that it is told whether somebody else has it.
		return sm.unlockOwner(randomID())
	}
	// What it held before was lost, or it could not have got this one.
	for outer := held.outer; outer != nil; outer = outer.outer {
		outer.release()
	}
	return sm.unlockGrant(held)
}

func (sm *StateManager) unlockOwner(owner string) *call[bool] {
	return sm.unlockCall(&pb.UnlockRequest{Holder: &pb.UnlockRequest_Owner{Owner: owner}})
}

func (sm *StateManager) unlockCall(request *pb.UnlockRequest) *call[bool] {
	request.Key = sm.at.key()
	if request.Options == nil {
		request.Options = &pb.WriteOptions{RequestId: randomID(), Actor: sm.at.actor}
	}
	response := &pb.UnlockResponse{}
	return plainCall(sm.at, rpcUnlock, request, response, func() (bool, error) {
		return response.GetReleased(), nil
	})
}

func readLockHolder(message *pb.LockHolder) *LockHolder {
	if message == nil {
		return nil
	}
	return &LockHolder{
		Owner:           message.GetOwner(),
		FencingToken:    message.GetFencingToken(),
		LeaseExpireTime: readTime(message.GetLeaseExpireTime()),
		Exclusive:       message.GetExclusive(),
	}
}
