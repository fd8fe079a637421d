package pipeline

import (
	"testing"
	"time"
)

func TestWhoDoesNotCallAgainIsNotWaitedFor(t *testing.T) {
	p := New(Server{})
	p.answered, p.unsent = 100, []*operation{{tag: 1}}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.letCall()
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for those who were answered and do not call")
	}
}
