package main

import (
	"context"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

func checkpoint(ctx context.Context, s *session, given command) (any, error) {
	return s.manager(given).Checkpoint(ctx, given.text("name"), given.writeOptions()...)
}

func restore(ctx context.Context, s *session, given command) (any, error) {
	if given.has("revision") {
		return s.manager(given).RestoreRevision(ctx, given.integer("revision"), given.writeOptions()...)
	}
	return s.manager(given).Restore(ctx, given.text("name"), given.writeOptions()...)
}

func listCheckpoints(ctx context.Context, s *session, given command) (any, error) {
	var options []statekeeper.CheckpointsOption
	if given.flag("include_state") {
		options = append(options, statekeeper.WithCheckpointStates())
	}
	return s.manager(given).ListCheckpoints(ctx, options...)
}

func deleteCheckpoint(ctx context.Context, s *session, given command) (any, error) {
	return s.manager(given).DeleteCheckpoint(ctx, given.text("name"), given.writeOptions()...)
}
