package statekeeper

import (
	"context"
	"sync"
	"time"
)

// A lease has two thirds of its time left when it is renewed first, and is tried nine times
// more at most while the server cannot be reached.
const (
	renewedAfter    = 3
	triedAgainAfter = 10
)

// A grant is a lock that was granted, as far as is known on this side.
type grant struct {
	// Who asked for it.
	owner string
	// What the server gave.
	token int64
	// What the context held before, of the same handle.
	outer *grant

	mu sync.Mutex
	// How often it was asked for and not given back.
	holds    int
	released bool
	gone     bool
	// How long the lease lasts from when it is renewed.
	lease time.Duration
	// When it is over, by the server's clock.
	expireTime time.Time
	// When to renew it, and when it is over, by the clock of this machine.
	due, over time.Time
}

// lost tells whether it is no longer ours, or the lease is known to be over.
func (g *grant) lost() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.gone || !g.released && !time.Now().Before(g.over)
}

// prolong notes that it was granted or renewed at a moment.
func (g *grant) prolong(lease time.Duration, expireTime, since time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lease, g.expireTime, g.gone = lease, expireTime, false
	g.due, g.over = since.Add(lease/renewedAfter), since.Add(lease)
}

func (g *grant) lose() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gone = true
}

func (g *grant) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.released = true
}

func (g *grant) isReleased() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.released
}

// renewalFailed notes that it could not be renewed, and may be after a while.
func (g *grant) renewalFailed() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.due = time.Now().Add(g.lease / triedAgainAfter)
}

// renewalIn tells in which time to renew it; false: never again.
func (g *grant) renewalIn() (time.Duration, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if g.released || g.gone || !now.Before(g.over) {
		g.gone = g.gone || !g.released
		return 0, false
	}
	due := g.due
	if g.over.Before(due) {
		due = g.over
	}
	return max(0, due.Sub(now)), true
}

// leave gives one hold back, and tells whether it was the last one.
func (g *grant) leave() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holds--
	return g.holds <= 0
}

// isHeld tells whether somebody has not given it back.
func (g *grant) isHeld() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.holds > 0
}

// grants are those of one handle.
//
// Goroutines may share a handle, and its lock must keep them apart. So each acquisition has
// an owner of its own, unless it is made where the lock is held already: there it asks as the
// same owner, and gets the same grant. What "where" means is told by the context, which
// [Lock.Do] gives to its function.
//
// Writes carry the fencing token of the lock they are made under. That is the context's, also
// after it was lost, for then they must be refused. Where the context knows of none, it is
// the handle's latest.
type grants struct {
	mu     sync.Mutex
	latest *grant
}

// heldKey is what contexts know the grants of a handle by.
type heldKey struct{ of *grants }

// held gives what a context holds and has not given back, lost or not.
func (g *grants) held(ctx context.Context) *grant {
	found, _ := ctx.Value(heldKey{g}).(*grant)
	for found != nil && found.isReleased() {
		found = found.outer
	}
	return found
}

// under gives the grant under which a context writes; nil: there is none.
func (g *grants) under(ctx context.Context) *grant {
	if held := g.held(ctx); held != nil {
		return held
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.latest != nil && !g.latest.isReleased() {
		return g.latest
	}
	return nil
}

// take notes that a context was granted the lock.
func (g *grants) take(ctx context.Context, owner string, token int64) *grant {
	held := g.held(ctx)
	taken := held
	if held == nil || held.token != token {
		taken = &grant{owner: owner, token: token, outer: held}
		g.mu.Lock()
		g.latest = taken
		g.mu.Unlock()
		if held != nil {
			// Nobody else could have got it while that one lasted.
			held.lose()
		}
	}
	taken.mu.Lock()
	defer taken.mu.Unlock()
	taken.holds++
	return taken
}

// forget notes that a grant was given back for good.
func (g *grants) forget(given *grant) {
	given.release()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.latest == given {
		g.latest = nil
	}
}
