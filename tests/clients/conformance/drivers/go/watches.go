package main

import (
	"context"
	"errors"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

const eventsTimeoutDefault = 30 * time.Second

func watch(_ context.Context, s *session, given command) (any, error) {
	options := watchOptions(given)
	// It outlives the command that begins it.
	ctx := context.Background()
	var begun *statekeeper.Watch
	var err error
	if given.has("manager") {
		asked := []statekeeper.WatchOption{}
		for _, each := range options {
			asked = append(asked, each)
		}
		if given.has("after_revision") {
			asked = append(asked, statekeeper.WithAfterRevision(given.integer("after_revision")))
		}
		begun, err = s.manager(given).Watch(ctx, asked...)
	} else {
		asked := []statekeeper.NamespaceWatchOption{}
		for _, each := range options {
			asked = append(asked, each)
		}
		if given.has("namespace") {
			asked = append(asked, statekeeper.WithNamespace(given.text("namespace")))
		}
		if given.has("id_prefix") {
			asked = append(asked, statekeeper.WithIDPrefix(given.text("id_prefix")))
		}
		begun, err = s.client(given).Watch(ctx, asked...)
	}
	if err == nil {
		s.keep("watch", given.text("watch"), begun)
	}
	return nil, err
}

func watchOptions(given command) []statekeeper.EveryWatchOption {
	var options []statekeeper.EveryWatchOption
	if given.flag("snapshot") {
		options = append(options, statekeeper.WithSnapshot())
	}
	if given.has("resume_token") {
		options = append(options, statekeeper.WithResumeToken(given.text("resume_token")))
	}
	for _, kind := range given.texts("kinds") {
		options = append(options, statekeeper.WithKinds(statekeeper.EventKind(kind)))
	}
	if given.has("include") {
		options = append(options, statekeeper.WithInclude(statekeeper.Include(given.text("include"))))
	}
	if given.has("heartbeat") {
		options = append(options, statekeeper.WithHeartbeat(given.span("heartbeat")))
	}
	if given.has("give_up_after") {
		options = append(options, statekeeper.WithGiveUpAfter(given.span("give_up_after")))
	}
	if given.text("on_compacted") == "snapshot" {
		options = append(options, statekeeper.WithRestart())
	}
	return options
}

func (s *session) watch(given command) *statekeeper.Watch {
	return found[*statekeeper.Watch](s, "watch", given.text("watch"))
}

func events(ctx context.Context, s *session, given command) (any, error) {
	timeout := eventsTimeoutDefault
	if given.has("timeout") {
		timeout = given.span("timeout")
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	told := []any{}
	for int64(len(told)) < given.integer("count") {
		event, err := s.watch(given).Next(limited)
		if err != nil {
			if errors.Is(limited.Err(), context.DeadlineExceeded) || errors.Is(err, statekeeper.ErrWatchClosed) {
				return told, nil
			}
			return nil, err
		}
		fields := plain(event).(map[string]any)
		fields["resume_token"] = event.ResumeToken()
		told = append(told, fields)
	}
	return told, nil
}

func closeWatch(_ context.Context, s *session, given command) (any, error) {
	s.watch(given).Close()
	return nil, nil
}

func waitFor(ctx context.Context, s *session, given command) (any, error) {
	if given.has("timeout") {
		limited, cancel := context.WithTimeout(ctx, given.span("timeout"))
		defer cancel()
		ctx = limited
	}
	return s.manager(given).WaitFor(ctx, statuses(given)...)
}

// statuses gives one status, or several.
func statuses(given command) []statekeeper.Status {
	if one := given.text("status"); one != "" {
		return []statekeeper.Status{statekeeper.Status(one)}
	}
	var several []statekeeper.Status
	for _, each := range given.texts("status") {
		several = append(several, statekeeper.Status(each))
	}
	return several
}
