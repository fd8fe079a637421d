package statekeeper

import (
	"context"
	"errors"
	"iter"

	"github.com/statekeeper/statekeeper/clients/go/internal/cache"
	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
)

// Pause stops the execution until someone answers, and gives the token to answer with. It
// creates the execution if there is none. Both the member that pauses and the reason are
// required. Several pauses may be open at once, at most 64.
//
// Beside those of a write it takes [WithData], [WithExpireTime], [WithOnExpiry] and
// [WithDefaultInput].
//
// It fails with a [SerializationError] where a value cannot be sent, and a
// [StateTooLargeError] where with the data the state would be larger than 10 MiB.
func (sm *StateManager) Pause(ctx context.Context, member, reason string, options ...PauseOption) (*PauseResult, error) {
	made, err := sm.pause(ctx, member, reason, gathered(options))
	return send(ctx, sm.channel, made, err)
}

// Resume answers a pause of this execution by its token. The input is kept with the pause;
// nil: none. The execution runs again when no other pause is open.
//
// It fails with an [InvalidTokenError] where the token is unknown, spent, expired or of
// another execution, and with a [StateNotFoundError].
func (sm *StateManager) Resume(ctx context.Context, token ResumeToken, input Document, options ...WriteOption) (*ResumeResult, error) {
	made, err := sm.resume(ctx, pauseTarget{token: &token}, input, gathered(options))
	return send(ctx, sm.channel, made, err)
}

// ResumePause is [StateManager.Resume] for a pause that is named by its id.
func (sm *StateManager) ResumePause(ctx context.Context, pauseID string, input Document, options ...WriteOption) (*ResumeResult, error) {
	made, err := sm.resume(ctx, pauseTarget{pauseID: &pauseID}, input, gathered(options))
	return send(ctx, sm.channel, made, err)
}

// GetPause looks up the pause of a token, and spends nothing.
//
// It fails with an [InvalidTokenError] as [StateManager.Resume] does.
func (sm *StateManager) GetPause(ctx context.Context, token ResumeToken) (*Pause, error) {
	made, err := sm.getPause(pauseTarget{token: &token})
	return send(ctx, sm.channel, made, err)
}

// GetPauseByID looks up a pause of this execution, open or not, by its id.
func (sm *StateManager) GetPauseByID(ctx context.Context, pauseID string) (*Pause, error) {
	made, err := sm.getPause(pauseTarget{pauseID: &pauseID})
	return send(ctx, sm.channel, made, err)
}

// Resume answers a pause of whichever execution the token leads to. The input is kept with
// the pause; nil: none.
//
// It fails with an [InvalidTokenError] where the token is unknown, spent or expired.
func (c *Client) Resume(ctx context.Context, token ResumeToken, input Document, options ...WriteOption) (*ResumeResult, error) {
	made, err := c.resume(token, input, gathered(options))
	return send(ctx, c.channel, made, err)
}

// GetPause looks up the pause of a token, with what is known of its execution, and spends
// nothing.
//
// It fails with an [InvalidTokenError] where the token is unknown, spent or expired.
func (c *Client) GetPause(ctx context.Context, token ResumeToken) (*Pause, error) {
	request := &pb.GetPauseRequest{}
	if err := checkName("token", string(token)); err != nil {
		return nil, err
	}
	request.Target = &pb.GetPauseRequest_Token{Token: string(token)}
	return send(ctx, c.channel, getPauseCall(execution{}, request), nil)
}

// ListPauses gives the pauses of a namespace that wait for an answer, the oldest first, each
// with what is known of its execution. It takes [WithNamespace] and [WithPageSize].
func (c *Client) ListPauses(ctx context.Context, options ...PausesOption) iter.Seq2[*Pause, error] {
	s := gathered(options)
	return pages(ctx, c.channel, func(token string) (*call[page[*Pause]], error) {
		return listPauses(s, token)
	})
}

// A pauseTarget says which pause; one of the two is not nil.
type pauseTarget struct {
	token   *ResumeToken
	pauseID *string
}

func (t pauseTarget) check() error {
	if t.token != nil {
		return checkName("token", string(*t.token))
	}
	return checkName("pause_id", *t.pauseID)
}

func (t pauseTarget) put(request *pb.ResumeRequest) {
	if t.token != nil {
		request.Target = &pb.ResumeRequest_Token{Token: string(*t.token)}
	} else {
		request.Target = &pb.ResumeRequest_PauseId{PauseId: *t.pauseID}
	}
}

func (sm *StateManager) pause(ctx context.Context, member, reason string, s *settings) (*call[*PauseResult], error) {
	options, err := sm.writing(ctx, s)
	if err != nil {
		return nil, err
	}
	request, err := pauseRequest(member, reason, s)
	if err != nil {
		return nil, sm.located(err)
	}
	request.Key, request.Options = sm.at.key(), options
	response := &pb.PauseResponse{}
	return writeCall(sm, rpcPause, request, response, func() (*PauseResult, error) {
		return &PauseResult{
			WriteResult: readWriteResult(response.GetResult()),
			Token:       ResumeToken(response.GetToken()),
			PauseID:     response.GetPauseId(),
		}, nil
	}), nil
}

func pauseRequest(member, reason string, s *settings) (*pb.PauseRequest, error) {
	if err := checkName("member", member); err != nil {
		return nil, err
	}
	if err := checkName("reason", reason); err != nil {
		return nil, err
	}
	request := &pb.PauseRequest{Member: member, Reason: reason}
	onExpiry := s.onExpiry
	if onExpiry == "" {
		onExpiry = ExpiryFail
	}
	var ok bool
	if request.OnExpiry, ok = expiryNumbers[onExpiry]; !ok {
		return nil, invalid("on_expiry", "%q is none of fail, resume, keep", onExpiry)
	}
	if s.defaultInput != nil && onExpiry != ExpiryResume {
		return nil, invalid("default_input", "has a meaning with ExpiryResume alone")
	}
	var err error
	if request.Data, err = writeDocument(s.data, "data"); err != nil {
		return nil, err
	}
	if request.DefaultInput, err = writeDocument(s.defaultInput, "default_input"); err != nil {
		return nil, err
	}
	request.ExpireTime, err = writeTime("expires_at", s.expireTime)
	return request, err
}

func (sm *StateManager) resume(ctx context.Context, target pauseTarget, input Document, s *settings) (*call[*ResumeResult], error) {
	options, err := sm.writing(ctx, s)
	if err != nil {
		return nil, err
	}
	request, err := resumeRequest(target, input)
	if err != nil {
		return nil, sm.located(err)
	}
	request.Key, request.Options = sm.at.key(), options
	response := &pb.ResumeResponse{}
	return writeCall(sm, rpcResume, request, response, func() (*ResumeResult, error) {
		return readResumeResult(response), nil
	}), nil
}

func resumeRequest(target pauseTarget, input Document) (*pb.ResumeRequest, error) {
	if err := target.check(); err != nil {
		return nil, err
	}
	request := &pb.ResumeRequest{}
	target.put(request)
	var err error
	request.Input, err = writeDocument(input, "input")
	return request, err
}

func readResumeResult(response *pb.ResumeResponse) *ResumeResult {
	return &ResumeResult{
		WriteResult: readWriteResult(response.GetResult()),
		Member:      response.GetMember(),
		PauseID:     response.GetPauseId(),
	}
}

func (c *Client) resume(token ResumeToken, input Document, s *settings) (*call[*ResumeResult], error) {
	anywhere := execution{actor: c.actor}
	options, err := anywhere.writeOptions(s, 0)
	if err != nil {
		return nil, err
	}
	request, err := resumeRequest(pauseTarget{token: &token}, input)
	if err != nil {
		return nil, err
	}
	request.Options = options
	response := &pb.ResumeResponse{}
	made := plainCall(anywhere, rpcResume, request, response, func() (*ResumeResult, error) {
		result := readResumeResult(response)
		// The ticket is taken late, because only the answer tells for what.
		ticket := c.cache.Begin(cache.Key{Namespace: result.Namespace, ExecutionID: result.ExecutionID})
		c.cache.EndWrite(ticket, result.Revision, nil, 0)
		return result, nil
	})
	made.giveUp = func(err error) {
		// Without an answer it may have been any execution. A bad token was none, and may
		// be one of many that somebody tries.
		if !errors.Is(err, ErrInvalidToken) {
			c.cache.Clear()
		}
	}
	return made, nil
}

func (sm *StateManager) getPause(target pauseTarget) (*call[*Pause], error) {
	if sm.refused != nil {
		return nil, sm.refused
	}
	if err := target.check(); err != nil {
		return nil, sm.located(err)
	}
	request := &pb.GetPauseRequest{Key: sm.at.key()}
	if target.token != nil {
		request.Target = &pb.GetPauseRequest_Token{Token: string(*target.token)}
	} else {
		request.Target = &pb.GetPauseRequest_PauseId{PauseId: *target.pauseID}
	}
	return getPauseCall(sm.at, request), nil
}

func getPauseCall(at execution, request *pb.GetPauseRequest) *call[*Pause] {
	response := &pb.GetPauseResponse{}
	return plainCall(at, rpcGetPause, request, response, func() (*Pause, error) {
		return readPauseOf(response.GetPause(), response.GetExecution())
	})
}

func listPauses(s *settings, token string) (*call[page[*Pause]], error) {
	namespace, err := checkedNamespace(s)
	if err != nil {
		return nil, err
	}
	size, err := checkedPageSize(s)
	if err != nil {
		return nil, err
	}
	request := &pb.ListPausesRequest{Namespace: namespace, PageSize: size, PageToken: token}
	response := &pb.ListPausesResponse{}
	return plainCall(execution{namespace: namespace}, rpcListPauses, request, response, func() (page[*Pause], error) {
		pauses, err := readAll(response.GetPauses(), func(waiting *pb.WaitingPause) (*Pause, error) {
			return readPauseOf(waiting.GetPause(), waiting.GetExecution())
		})
		return page[*Pause]{pauses, response.GetNextPageToken()}, err
	}), nil
}
