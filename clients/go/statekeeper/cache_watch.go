package statekeeper

import (
	"context"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/internal/backoff"
	"github.com/statekeeper/statekeeper/clients/go/internal/cache"
)

// keepRight tells a cache what changes in a namespace, until the channel is closed.
func keepRight(ch *channel, copies *cache.Cache, namespace string) {
	tries := backoff.Exponential{Limit: backoff.Forever}
	for ch.ctx.Err() == nil {
		if tellChanges(ch, copies, namespace) {
			tries = backoff.Exponential{Limit: backoff.Forever}
		}
		copies.WatchBroke(namespace)
		delay, _ := tries.Next()
		select {
		case <-time.After(delay):
		case <-ch.ctx.Done():
		}
	}
}

// tellChanges watches until that breaks, because the cache has to begin anew then; it tells
// whether the watch ever stood.
func tellChanges(ch *channel, copies *cache.Cache, namespace string) bool {
	var once time.Duration
	watch, err := newWatch(ch.ctx, ch, execution{namespace: namespace}, &settings{giveUpAfter: &once})
	if err != nil {
		return false
	}
	defer watch.Close()
	copies.WatchStands(namespace)
	for {
		event, err := watch.Next(context.Background())
		if err != nil {
			return true
		}
		if event.Kind != EventLocked && event.Kind != EventUnlocked {
			key := cache.Key{Namespace: event.Namespace, ExecutionID: event.ExecutionID}
			copies.Changed(key, event.Revision)
		}
	}
}
