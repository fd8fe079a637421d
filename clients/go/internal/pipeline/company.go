package pipeline

import "time"

const (
	// For how long each of those who were answered together is waited for. Between an answer
	// and the next call lie some 10 us of a core, which others may want as well.
	patienceEach = 50 * time.Microsecond
	patienceMax  = 3 * time.Millisecond
	// After so many answers half of those who stayed away are waited for again.
	answersForgiven = 16
)

// company is who is waited for before a message is sent: most callers call again as soon as
// they are answered, and one message of all of them costs both sides far less than many. Whom
// it was waited for in vain is not waited for next time.
type company struct {
	// How many were answered and are expected to call again.
	awaited int
	// When the first of them was answered, and until when they are waited for: never longer
	// than patienceMax, however many are answered meanwhile.
	since, until time.Time
	// How many of those who are answered do something else, as far as is known.
	absent  int
	answers int
}

// answered notes that so many were answered together.
func (c *company) answered(count int, now time.Time) {
	if c.answers++; c.answers%answersForgiven == 0 {
		c.absent /= 2
	}
	if c.wait(now) == 0 {
		c.since = now
	}
	c.awaited += max(count-c.absent, 0)
	c.until = now.Add(time.Duration(c.awaited) * patienceEach)
	if last := c.since.Add(patienceMax); c.until.After(last) {
		c.until = last
	}
}

// called notes a call, of whomever.
func (c *company) called() {
	c.awaited = max(c.awaited-1, 0)
}

// complete tells whether nobody is awaited.
func (c *company) complete() bool { return c.awaited == 0 }

// wait gives how long those who have not called yet are to be waited for. Once that is over
// they are awaited no more.
func (c *company) wait(now time.Time) time.Duration {
	if c.complete() {
		return 0
	}
	if left := c.until.Sub(now); left > 0 {
		return left
	}
	c.absent += c.awaited
	c.awaited = 0
	return 0
}
