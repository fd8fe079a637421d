package main

import (
	"context"
	"errors"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

func lock(ctx context.Context, s *session, given command) (any, error) {
	taken, err := take(ctx, s, given)
	s.keep("lock", given.text("lock"), taken)
	var held *statekeeper.LockTimeoutError
	if errors.As(err, &held) {
		return map[string]any{"acquired": false, "fencing_token": 0, "owner": held.Owner}, nil
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{"acquired": true, "fencing_token": taken.FencingToken(), "owner": taken.Owner()}, nil
}

func take(ctx context.Context, s *session, given command) (*statekeeper.Lock, error) {
	var options []statekeeper.LockOption
	if given.has("timeout") {
		options = append(options, statekeeper.WithTimeout(given.span("timeout")))
	}
	if given.has("lease") {
		options = append(options, statekeeper.WithLease(given.span("lease")))
	}
	if given.flag("exclusive") {
		options = append(options, statekeeper.WithExclusive())
	}
	if given.has("owner") {
		options = append(options, statekeeper.WithOwner(given.text("owner")))
	}
	if given.has("retry") && !given.flag("retry") {
		return s.manager(given).TryLock(ctx, options...)
	}
	return s.manager(given).Lock(ctx, options...)
}

func renew(ctx context.Context, s *session, given command) (any, error) {
	var options []statekeeper.LockOption
	if given.has("lease") {
		options = append(options, statekeeper.WithLease(given.span("lease")))
	}
	return nil, found[*statekeeper.Lock](s, "lock", given.text("lock")).Renew(ctx, options...)
}

func release(ctx context.Context, s *session, given command) (any, error) {
	released, err := found[*statekeeper.Lock](s, "lock", given.text("lock")).Unlock(ctx)
	return map[string]any{"released": released}, err
}

func unlock(ctx context.Context, s *session, given command) (any, error) {
	released, err := s.manager(given).Unlock(ctx)
	return map[string]any{"released": released}, err
}

func isLocked(ctx context.Context, s *session, given command) (any, error) {
	return s.manager(given).IsLocked(ctx)
}

func getLock(ctx context.Context, s *session, given command) (any, error) {
	return s.manager(given).GetLock(ctx)
}

func locked(ctx context.Context, s *session, given command) (any, error) {
	taken, err := take(ctx, s, given)
	if err != nil {
		return nil, err
	}
	results := []any{}
	err = taken.Do(ctx, func(ctx context.Context) error {
		for _, step := range given.commands("steps") {
			result, err := s.do(ctx, step)
			if err != nil {
				return err
			}
			results = append(results, result)
		}
		return nil
	})
	return results, err
}
