package main

import (
	"context"
	"iter"
	"slices"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

func save(ctx context.Context, s *session, given command) (any, error) {
	return s.manager(given).Save(ctx, state(given.object("state")), given.writeOptions()...)
}

func saveLoaded(ctx context.Context, s *session, given command) (any, error) {
	kept := found[*statekeeper.State](s, "state", given.text("state"))
	setFields(kept, given.object("set"))
	return s.manager(given).Save(ctx, kept, given.writeOptions()...)
}

func load(ctx context.Context, s *session, given command) (any, error) {
	loaded, err := s.manager(given).Load(ctx, loadOptions(given)...)
	if err == nil && given.has("keep") {
		s.keep("state", given.text("keep"), loaded)
	}
	return loaded, err
}

func loadOptions(given command) []statekeeper.LoadOption {
	var options []statekeeper.LoadOption
	if given.has("revision") {
		options = append(options, statekeeper.WithRevision(given.integer("revision")))
	}
	if given.has("checkpoint") {
		options = append(options, statekeeper.WithCheckpoint(given.text("checkpoint")))
	}
	if given.has("fields") {
		options = append(options, statekeeper.WithFields(given.texts("fields")...))
	}
	return options
}

func update(ctx context.Context, s *session, given command) (any, error) {
	set, options := updateArguments(given)
	return s.manager(given).Update(ctx, set, options...)
}

func updateArguments(given command) (statekeeper.Changes, []statekeeper.UpdateOption) {
	set, removed := changes(given.object("changes"))
	options := as[statekeeper.UpdateOption](given.writeOptions())
	replaced := given.texts("replace")
	if at := slices.Index(removed, "labels"); at >= 0 {
		removed = slices.Delete(removed, at, at+1)
		replaced = append(replaced, "labels")
	}
	removed = append(removed, given.texts("remove")...)
	return set, append(options, statekeeper.WithReplaced(replaced...), statekeeper.WithRemoved(removed...))
}

func deleteState(ctx context.Context, s *session, given command) (any, error) {
	return s.manager(given).Delete(ctx, given.writeOptions()...)
}

func listRevisions(ctx context.Context, s *session, given command) (any, error) {
	var options []statekeeper.RevisionsOption
	if given.has("page_size") {
		options = append(options, statekeeper.WithPageSize(int(given.integer("page_size"))))
	}
	return collected(s.manager(given).ListRevisions(ctx, options...))
}

// collected gives all items of a list.
func collected[T any](items iter.Seq2[T, error]) ([]T, error) {
	list := []T{}
	for item, err := range items {
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, nil
}

func listStates(ctx context.Context, s *session, given command) (any, error) {
	var options []statekeeper.ListOption
	if given.has("namespace") {
		options = append(options, statekeeper.WithNamespace(given.text("namespace")))
	}
	if given.has("status") {
		options = append(options, statekeeper.WithStatus(statuses(given)...))
	}
	if given.has("labels") {
		options = append(options, statekeeper.WithLabels(labels(given.object("labels"))))
	}
	if given.has("id_prefix") {
		options = append(options, statekeeper.WithIDPrefix(given.text("id_prefix")))
	}
	if given.has("updated_after") {
		options = append(options, statekeeper.WithUpdatedAfter(given.instant("updated_after")))
	}
	if given.has("fields") {
		options = append(options, statekeeper.WithFields(given.texts("fields")...))
	}
	if given.has("page_size") {
		options = append(options, statekeeper.WithPageSize(int(given.integer("page_size"))))
	}
	return collected(s.client(given).List(ctx, options...))
}
