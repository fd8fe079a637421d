package main

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

// apply does an edit.
func apply(edit command, target *statekeeper.State) error {
	switch {
	case edit.has("raise"):
		return &raisedError{edit.text("raise")}
	case edit.has("set"):
		set(target, edit.text("set"), edit["to"])
	case edit.has("add"):
		add(target, edit.text("add"), edit.integer("by"))
	default:
		remove(target, edit.text("remove"))
	}
	return nil
}

// documentOf gives the place of a document.
func documentOf(target *statekeeper.State, name string) *statekeeper.Document {
	switch name {
	case "input":
		return &target.Input
	case "context":
		return &target.Context
	case "member_outputs":
		return &target.MemberOutputs
	case "metadata":
		return &target.Metadata
	default:
		panic("there is no document " + name)
	}
}

func set(target *statekeeper.State, path string, to any) {
	name, key, inside := strings.Cut(path, ".")
	switch {
	case !inside:
		setFields(target, command{name: to})
	case name == "labels":
		if target.Labels == nil {
			target.Labels = map[string]string{}
		}
		target.Labels[key] = to.(string)
	default:
		document := documentOf(target, name)
		if *document == nil {
			*document = statekeeper.Document{}
		}
		(*document)[key] = value(to)
	}
}

func add(target *statekeeper.State, path string, by int64) {
	name, key, _ := strings.Cut(path, ".")
	var sum int64
	switch number := (*documentOf(target, name))[key].(type) {
	case nil:
	case int64:
		sum = number
	case json.Number:
		sum, _ = number.Int64()
	default:
		panic(path + " is no integer")
	}
	set(target, path, sum+by)
}

func remove(target *statekeeper.State, path string) {
	name, key, inside := strings.Cut(path, ".")
	switch {
	case !inside:
		setFields(target, command{name: nil})
	case name == "labels":
		delete(target.Labels, key)
	default:
		delete(*documentOf(target, name), key)
	}
}

func transaction(ctx context.Context, s *session, given command) (any, error) {
	attempts := 0
	var changed *statekeeper.State
	change := func(target *statekeeper.State) error {
		attempts++
		changed = target
		for _, edit := range given.commands("edits") {
			if !edit.has("meanwhile") {
				if err := apply(edit, target); err != nil {
					return err
				}
			} else if attempts == 1 {
				if _, err := s.do(ctx, edit.object("meanwhile")); err != nil {
					return err
				}
			}
		}
		return nil
	}
	var options []statekeeper.TransactionOption
	if given.has("timeout") {
		options = append(options, statekeeper.WithTimeout(given.span("timeout")))
	}
	if given.text("form") == "block" {
		// One attempt, which fails where somebody else wrote in between.
		options = append(options, statekeeper.WithTimeout(0))
	}
	if given.has("ttl") {
		options = append(options, statekeeper.WithTTL(given.span("ttl")))
	}
	if given.has("actor") {
		options = append(options, statekeeper.WithActor(given.text("actor")))
	}
	result, err := s.manager(given).Transaction(ctx, change, options...)
	return map[string]any{"state": changed, "result": result, "attempts": attempts}, err
}

func migrate(ctx context.Context, s *session, given command) (any, error) {
	var transformers []statekeeper.Transformer
	lists, _ := given["transformers"].([]any)
	for _, list := range lists {
		edits := command{"edits": list}.commands("edits")
		transformers = append(transformers, func(target *statekeeper.State) error {
			for _, edit := range edits {
				if err := apply(edit, target); err != nil {
					return err
				}
			}
			return nil
		})
	}
	var options []statekeeper.MigrationOption
	if given.flag("dry_run") {
		options = append(options, statekeeper.WithDryRun())
	}
	from, to := given.text("from_version"), given.text("to_version")
	return s.manager(given).Migrate(ctx, from, to, transformers, options...)
}
