package main

import (
	"context"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

func connect(_ context.Context, s *session, given command) (any, error) {
	var options []statekeeper.ClientOption
	if given.has("timeout") {
		options = append(options, statekeeper.WithTimeout(given.span("timeout")))
	}
	if given.has("actor") {
		options = append(options, statekeeper.WithActor(given.text("actor")))
	}
	if given.has("token") {
		options = append(options, statekeeper.WithToken(given.text("token")))
	}
	if given.has("tls") {
		files := command(given.object("tls"))
		config, err := statekeeper.TLSFromFiles(files.text("ca"), files.text("cert"), files.text("key"))
		if err != nil {
			return nil, err
		}
		options = append(options, statekeeper.WithTLS(config))
	}
	if given.flag("cache_watch") {
		options = append(options, statekeeper.WithCacheWatch())
	}
	client, err := statekeeper.NewClient(given.text("target"), options...)
	if err != nil {
		return nil, err
	}
	s.keep("client", given.text("client"), client)
	return nil, nil
}

func makeManager(_ context.Context, s *session, given command) (any, error) {
	var options []statekeeper.HandleOption
	if given.has("namespace") {
		options = append(options, statekeeper.WithNamespace(given.text("namespace")))
	}
	if given.has("ttl") {
		options = append(options, statekeeper.WithTTL(given.span("ttl")))
	}
	if given.has("actor") {
		options = append(options, statekeeper.WithActor(given.text("actor")))
	}
	if given.has("cache_ttl") {
		options = append(options, statekeeper.WithCacheTTL(given.span("cache_ttl")))
	}
	manager := s.client(given).StateManager(given.text("execution_id"), options...)
	s.keep("manager", given.text("manager"), manager)
	return nil, nil
}

func closeClient(_ context.Context, s *session, given command) (any, error) {
	return nil, s.client(given).Close()
}

func reset(_ context.Context, s *session, _ command) (any, error) {
	s.reset()
	return nil, nil
}

func cancel(_ context.Context, s *session, given command) (any, error) {
	s.cancel(given.integer("command"))
	return nil, nil
}
