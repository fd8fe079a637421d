package main

import (
	"context"
	"errors"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

func batch(ctx context.Context, s *session, given command) (any, error) {
	var operations []statekeeper.Operation
	var results []func() (any, error)
	for _, each := range given.commands("operations") {
		operation, result := operationOf(s, each)
		operations = append(operations, operation)
		results = append(results, result)
	}
	err := s.client(given).Batch(ctx, operations...)
	told := []any{}
	for _, result := range results {
		got, failed := result()
		var refused *statekeeper.StateError
		switch {
		case failed == nil:
			told = append(told, map[string]any{"result": got})
		case errors.As(failed, &refused):
			told = append(told, map[string]any{"error": errorOf(failed, refused)})
		default:
			// Nothing was sent.
			return nil, err
		}
	}
	return told, nil
}

// operationOf makes an operation, and what gives its result later.
func operationOf(s *session, given command) (statekeeper.Operation, func() (any, error)) {
	operation, options := s.manager(given).Operation(), given.writeOptions()
	switch given.text("do") {
	case "save":
		return operated(operation.Save(state(given.object("state")), options...))
	case "load":
		return operated(operation.Load(loadOptions(given)...))
	case "update":
		set, options := updateArguments(given)
		return operated(operation.Update(set, options...))
	case "delete":
		return operated(operation.Delete(options...))
	case "pause":
		made := operation.Pause(given.text("member"), given.text("reason"), pauseOptions(given)...)
		return made, func() (any, error) {
			result, err := made.Result()
			return pauseResult(result), err
		}
	case "resume":
		if given.has("pause_id") {
			return operated(operation.ResumePause(given.text("pause_id"), given.document("input"), options...))
		}
		token := statekeeper.ResumeToken(given.text("token"))
		return operated(operation.Resume(token, given.document("input"), options...))
	case "checkpoint":
		return operated(operation.Checkpoint(given.text("name"), options...))
	case "restore":
		if given.has("revision") {
			return operated(operation.RestoreRevision(given.integer("revision"), options...))
		}
		return operated(operation.Restore(given.text("name"), options...))
	default:
		panic("there is no operation " + given.text("do"))
	}
}

func operated[T any](made *statekeeper.Op[T]) (statekeeper.Operation, func() (any, error)) {
	return made, func() (any, error) { return made.Result() }
}
