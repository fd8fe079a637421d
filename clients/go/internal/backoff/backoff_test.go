package backoff

import (
	"testing"
	"time"
)

func TestDelaysGrowUntilTheTimeIsOver(t *testing.T) {
	tries := Exponential{Limit: Forever}
	limit := firstMax
	for range 12 {
		delay, again := tries.Next()
		if !again || delay < 0 || delay > limit {
			t.Fatalf("%s where %s is the most", delay, limit)
		}
		limit = min(2*limit, laterMax)
	}
	if _, again := (&Exponential{}).Next(); again {
		t.Error("no time at all was enough for another try")
	}
}

func TestConflictsAreSpreadByHowLongAttemptsTake(t *testing.T) {
	tries := NewConflict(time.Minute)
	for _, window := range []int{8, 16, 32, 64, 64} {
		tries.began = time.Now().Add(-time.Millisecond)
		delay, again := tries.Next()
		// The attempt took a little longer than it was said to.
		if !again || delay < 0 || delay > time.Duration(window)*5*time.Millisecond {
			t.Fatalf("%s in a window of %d attempts", delay, window)
		}
	}
	tries.began = time.Now().Add(-time.Hour)
	if delay, _ := tries.Next(); delay > windowLength {
		t.Errorf("%s is too long", delay)
	}
	tries.ends = time.Now()
	if _, again := tries.Next(); again {
		t.Error("there is another attempt after the time")
	}
}
