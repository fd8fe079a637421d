package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

// A command is what is to be done, and with what. Its getters take what is left out for zero;
// what is of the wrong type is a fault.
type command map[string]any

func (c command) has(name string) bool { return c[name] != nil }

func (c command) text(name string) string {
	text, _ := c[name].(string)
	return text
}

func (c command) flag(name string) bool {
	flag, _ := c[name].(bool)
	return flag
}

func (c command) integer(name string) int64 {
	number, _ := c[name].(json.Number)
	integer, _ := number.Int64()
	return integer
}

func (c command) span(name string) time.Duration {
	seconds, err := c[name].(json.Number).Float64()
	if err != nil {
		panic(err)
	}
	return time.Duration(math.Round(seconds * float64(time.Second)))
}

func (c command) instant(name string) time.Time {
	return instant(c[name])
}

func (c command) texts(name string) []string {
	list, _ := c[name].([]any)
	texts := make([]string, 0, len(list))
	for _, each := range list {
		texts = append(texts, each.(string))
	}
	return texts
}

func (c command) object(name string) map[string]any {
	object, _ := c[name].(map[string]any)
	return object
}

func (c command) commands(name string) []command {
	list, _ := c[name].([]any)
	commands := make([]command, 0, len(list))
	for _, each := range list {
		commands = append(commands, each.(map[string]any))
	}
	return commands
}

func instant(given any) time.Time {
	if given == nil {
		return time.Time{}
	}
	read, err := time.Parse(time.RFC3339Nano, given.(string))
	if err != nil {
		panic(err)
	}
	return read
}

// document gives a document as the client takes it; nil: there is none.
func (c command) document(name string) statekeeper.Document {
	return document(c[name])
}

func document(given any) statekeeper.Document {
	if given == nil {
		return nil
	}
	object, ok := given.(map[string]any)
	if !ok {
		panic(unsupported("the compiler refuses what is no document"))
	}
	entries := make(statekeeper.Document, len(object))
	for key, each := range object {
		entries[key] = value(each)
	}
	return entries
}

var notJSON = map[string]any{"nan": math.NaN(), "infinity": math.Inf(1), "function": strings.ToUpper}

func value(given any) any {
	switch given := given.(type) {
	case []any:
		list := make([]any, 0, len(given))
		for _, each := range given {
			list = append(list, value(each))
		}
		return list
	case map[string]any:
		if raw, ok := given["$bytes"]; ok {
			return binary(raw.(string), given)
		}
		if kind, ok := given["$not_json"]; ok {
			made, ok := notJSON[kind.(string)]
			if !ok {
				panic(unsupported(fmt.Sprintf("Go has no %v", kind)))
			}
			return made
		}
		return map[string]any(document(given))
	default:
		return given
	}
}

func binary(text string, given command) any {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	if kind := given.text("content_type"); kind != "" {
		return statekeeper.Binary{Data: raw, ContentType: kind}
	}
	return raw
}

// changes gives the fields of a state, and of which of them is told that they are not there.
func changes(fields command) (set statekeeper.Changes, removed []string) {
	for name := range fields {
		if !fields.has(name) {
			removed = append(removed, name)
		}
		switch name {
		case "id":
		case "status":
			set.Status = statekeeper.Status(fields.text(name))
		case "input":
			set.Input = fields.document(name)
		case "context":
			set.Context = fields.document(name)
		case "member_outputs":
			set.MemberOutputs = fields.document(name)
		case "metadata":
			set.Metadata = fields.document(name)
		case "current_member":
			set.CurrentMember = fields.text(name)
		case "schema_version":
			set.SchemaVersion = fields.text(name)
		case "start_time":
			set.StartTime = fields.instant(name)
		case "labels":
			set.Labels = labels(fields.object(name))
		default:
			panic(unsupported("the compiler refuses a field that there is not: " + name))
		}
	}
	return set, removed
}

func labels(given map[string]any) map[string]string {
	made := make(map[string]string, len(given))
	for key, label := range given {
		made[key] = label.(string)
	}
	return made
}

// state gives a state with these fields.
func state(fields command) *statekeeper.State {
	made := &statekeeper.State{ID: fields.text("id")}
	setFields(made, fields)
	return made
}

// setFields sets fields of a state, documents whole.
func setFields(target *statekeeper.State, fields command) {
	set, _ := changes(fields)
	for name := range fields {
		switch name {
		case "status":
			target.Status = set.Status
		case "input":
			target.Input = set.Input
		case "context":
			target.Context = set.Context
		case "member_outputs":
			target.MemberOutputs = set.MemberOutputs
		case "metadata":
			target.Metadata = set.Metadata
		case "current_member":
			target.CurrentMember = set.CurrentMember
		case "schema_version":
			target.SchemaVersion = set.SchemaVersion
		case "start_time":
			target.StartTime = set.StartTime
		case "labels":
			target.Labels = set.Labels
		}
	}
}

// writeOptions gives what says how to write.
func (c command) writeOptions() []statekeeper.WriteOption {
	var options []statekeeper.WriteOption
	if c.has("expected_revision") {
		options = append(options, statekeeper.WithExpectedRevision(c.integer("expected_revision")))
	}
	if c.has("ttl") {
		options = append(options, statekeeper.WithTTL(c.span("ttl")))
	}
	if c.has("request_id") {
		options = append(options, statekeeper.WithRequestID(c.text("request_id")))
	}
	if c.has("actor") {
		options = append(options, statekeeper.WithActor(c.text("actor")))
	}
	return options
}

// as gives write options as those of a call that takes them too.
func as[O any](options []statekeeper.WriteOption) []O {
	others := make([]O, 0, len(options))
	for _, each := range options {
		others = append(others, any(each).(O))
	}
	return others
}

// action is how a command is done.
type action func(context.Context, *session, command) (any, error)
