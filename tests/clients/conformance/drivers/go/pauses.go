package main

import (
	"context"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

func pause(ctx context.Context, s *session, given command) (any, error) {
	result, err := s.manager(given).Pause(ctx, given.text("member"), given.text("reason"), pauseOptions(given)...)
	return pauseResult(result), err
}

func pauseOptions(given command) []statekeeper.PauseOption {
	options := as[statekeeper.PauseOption](given.writeOptions())
	if given.has("data") {
		options = append(options, statekeeper.WithData(given.document("data")))
	}
	if given.has("default_input") {
		options = append(options, statekeeper.WithDefaultInput(given.document("default_input")))
	}
	if given.has("expires_at") {
		options = append(options, statekeeper.WithExpireTime(given.instant("expires_at")))
	}
	if given.has("on_expiry") {
		options = append(options, statekeeper.WithOnExpiry(statekeeper.ExpiryAction(given.text("on_expiry"))))
	}
	return options
}

func pauseResult(result *statekeeper.PauseResult) any {
	if result == nil {
		return nil
	}
	return map[string]any{"token": result.Token, "pause_id": result.PauseID, "result": result.WriteResult}
}

func resume(ctx context.Context, s *session, given command) (any, error) {
	input, options := given.document("input"), given.writeOptions()
	token := statekeeper.ResumeToken(given.text("token"))
	switch {
	case given.has("token") && given.has("pause_id"):
		return nil, unsupported("the compiler refuses a token together with a pause's id")
	case given.has("manager") && given.has("pause_id"):
		return s.manager(given).ResumePause(ctx, given.text("pause_id"), input, options...)
	case given.has("manager"):
		return s.manager(given).Resume(ctx, token, input, options...)
	default:
		return s.client(given).Resume(ctx, token, input, options...)
	}
}

func getPause(ctx context.Context, s *session, given command) (any, error) {
	token := statekeeper.ResumeToken(given.text("token"))
	switch {
	case given.has("manager") && given.has("pause_id"):
		return s.manager(given).GetPauseByID(ctx, given.text("pause_id"))
	case given.has("manager"):
		return s.manager(given).GetPause(ctx, token)
	default:
		return s.client(given).GetPause(ctx, token)
	}
}

func listPauses(ctx context.Context, s *session, given command) (any, error) {
	var options []statekeeper.PausesOption
	if given.has("namespace") {
		options = append(options, statekeeper.WithNamespace(given.text("namespace")))
	}
	if given.has("page_size") {
		options = append(options, statekeeper.WithPageSize(int(given.integer("page_size"))))
	}
	return collected(s.client(given).ListPauses(ctx, options...))
}
