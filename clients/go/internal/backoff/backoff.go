// Package backoff tells how long to wait before something is tried again.
package backoff

import (
	"math"
	"math/rand/v2"
	"time"
)

const (
	firstMax = 10 * time.Millisecond
	laterMax = time.Second
)

// Forever is the limit of what is tried again and again without an end.
const Forever = time.Duration(math.MaxInt64)

// Exponential gives delays that double, with full jitter: those who met once should not meet
// again.
type Exponential struct {
	// Limit is for how long to try, from the first delay on; [Forever]: always.
	Limit time.Duration

	began time.Time
	max   time.Duration
}

// Next gives the time to wait before the next try; false: no more, time is over.
func (b *Exponential) Next() (time.Duration, bool) {
	if b.began.IsZero() {
		b.began = time.Now()
		b.max = firstMax
	}
	delay := jittered(b.max)
	b.max = min(2*b.max, laterMax)
	return delay, b.Limit == Forever || time.Since(b.began)+delay < b.Limit
}

// In attempts: so many contenders find room for one attempt each. Few conflicts mean few
// contenders.
const (
	windowFirst  = 8
	windowMax    = 64
	windowLength = 2 * time.Second
)

// Conflict tells when to try again what somebody else has got in the way of.
//
// An attempt succeeds if no other one does between its load and its commit. So what is long
// enough to wait depends on how long attempts take: with many contenders a server that is
// far away, or busy, needs longer waits than one that is near. Waits are spread over a
// window of 8 attempts as long as the last one, then 16, up to 64, but of 2 seconds at most:
// no longer than what is left, so that whoever is about to give up comes first.
type Conflict struct {
	began  time.Time
	ends   time.Time
	window int
}

// NewConflict is to be made when the first attempt begins. It tries for as long as the limit.
func NewConflict(limit time.Duration) *Conflict {
	now := time.Now()
	return &Conflict{began: now, ends: now.Add(limit), window: windowFirst}
}

// Next gives the time to wait before the next attempt; false: no more, time is over.
func (b *Conflict) Next() (time.Duration, bool) {
	now := time.Now()
	if !now.Before(b.ends) {
		return 0, false
	}
	window := min(time.Duration(b.window)*now.Sub(b.began), windowLength, b.ends.Sub(now))
	b.window = min(2*b.window, windowMax)
	delay := jittered(window)
	b.began = now.Add(delay)
	return delay, true
}

func jittered(most time.Duration) time.Duration {
	return time.Duration(rand.Float64() * float64(most))
}
