package main

import (
	"context"
	"reflect"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

func defineState(ctx context.Context, s *session, given command) (any, error) {
	definition := statekeeper.StateDefinition{
		Schema:  given.document("schema"),
		Initial: given.document("initial"),
		Members: map[string]statekeeper.MemberAccess{},
	}
	for name, access := range given.object("members") {
		declared := command(access.(map[string]any))
		definition.Members[name] = statekeeper.MemberAccess{Use: declared.texts("use"), Set: declared.texts("set")}
	}
	options := as[statekeeper.DefineOption](given.writeOptions())
	if given.has("input") {
		options = append(options, statekeeper.WithTemplateInput(given.document("input")))
	}
	result, err := s.manager(given).DefineState(ctx, definition, options...)
	if err != nil {
		return nil, err
	}
	told := plain(result).(map[string]any)
	keys := []string{}
	for _, misfit := range result.Misfits {
		keys = append(keys, misfit.Key)
	}
	told["misfits"] = keys
	return told, nil
}

func member(_ context.Context, s *session, given command) (any, error) {
	s.keep("member", given.text("member"), s.manager(given).Member(given.text("member")))
	return nil, nil
}

func (s *session) member(given command) *statekeeper.Member {
	return found[*statekeeper.Member](s, "member", given.text("member"))
}

func memberState(ctx context.Context, s *session, given command) (any, error) {
	view, err := s.member(given).State(ctx)
	if err != nil {
		return nil, err
	}
	return view.Document(), nil
}

func setState(ctx context.Context, s *session, given command) (any, error) {
	options := as[statekeeper.SetStateOption](given.writeOptions())
	if given.has("on_undeclared") {
		action := statekeeper.UndeclaredAction(given.text("on_undeclared"))
		options = append(options, statekeeper.WithOnUndeclared(action))
	}
	return s.member(given).SetState(ctx, given.document("updates"), options...)
}

func accessReport(ctx context.Context, s *session, given command) (any, error) {
	report, err := s.manager(given).AccessReport(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"unused_keys": report.UnusedKeys,
		"by_key":      report.ByKey,
		"by_member":   report.CountsByMember(),
	}, nil
}

// mutateView changes what a view gives, which is all that can be done, and tells whether the
// view is as it was.
func mutateView(ctx context.Context, s *session, given command) (any, error) {
	view, err := s.member(given).State(ctx)
	if err != nil {
		return nil, err
	}
	before := view.Document()
	changed := view.Document()
	path := given.texts("path")
	place := map[string]any(changed)
	for _, key := range path[:len(path)-1] {
		place = place[key].(map[string]any)
	}
	place[path[len(path)-1]] = given["value"]
	return map[string]any{"refused": reflect.DeepEqual(before, view.Document())}, nil
}
