package statekeeper

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/statekeeper/statekeeper/clients/go/internal/jsontext"
	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
)

// A StateDefinition says what the shared state of an execution is to be.
type StateDefinition struct {
	// Schema has by key a type (`"object"`) or a JSON Schema.
	Schema map[string]any
	// Initial has by key the value to begin with; `${input.path}` is filled in.
	Initial Document
	// Members has by name what each may do.
	Members map[string]MemberAccess
}

// A MemberAccess is the keys of the shared state that a member declares.
type MemberAccess struct {
	// Use has the keys that it sees.
	Use []string
	// Set has those that it may write.
	Set []string
}

type defineOption struct {
	option
	forDefine
}

// WithTemplateInput is what `${input.path}` in initial values leads into.
func WithTemplateInput(input Document) DefineOption {
	return defineOption{option: func(s *settings) { s.templateInput = input }}
}

type setStateOption struct {
	option
	forSetState
}

// An UndeclaredAction is what becomes of keys that a member may not set.
type UndeclaredAction string

const (
	// UndeclaredReject: the write is refused whole, with a [StateAccessDeniedError].
	UndeclaredReject UndeclaredAction = "reject"
	// UndeclaredDrop: they are left out, and named by the result.
	UndeclaredDrop UndeclaredAction = "drop"
)

var undeclaredNumbers = map[UndeclaredAction]pb.UndeclaredAction{
	UndeclaredReject: pb.UndeclaredAction_UNDECLARED_ACTION_REJECT,
	UndeclaredDrop:   pb.UndeclaredAction_UNDECLARED_ACTION_DROP,
}

// WithOnUndeclared tells what becomes of keys that the member may not set; if it is not given,
// [UndeclaredReject].
func WithOnUndeclared(action UndeclaredAction) SetStateOption {
	return setStateOption{option: func(s *settings) { s.onUndeclared = action }}
}

// A DefineResult is what a definition of the shared state did.
type DefineResult struct {
	WriteResult
	// DefinitionVersion is its number among those of the execution, from 1.
	DefinitionVersion int64
	// Misfits are the values that were there already and do not fit; they are kept.
	Misfits []Misfit
}

// A Misfit is a value that does not fit a new definition.
type Misfit struct {
	// Key is its key.
	Key string
	// Path is where in the value: `tags[3].name`; empty: the value itself.
	Path string
	// Rule is the rule that it breaks: `minLength`; `declared` where the key is gone.
	Rule string
	// Problem is a sentence.
	Problem string
}

// A StateWriteResult is what a write of a member did.
type StateWriteResult struct {
	WriteResult
	// Dropped are the keys that it may not set, and that were left out.
	Dropped []string
}

// DefineState defines the shared state, or defines it anew; it creates the execution if need
// be. No value is lost by a new definition: what no longer fits is told, and stays. Initial
// values are for keys that have none yet.
//
// Beside those of a write it takes [WithTemplateInput].
//
// It fails with an [InvalidRequestError] where the definition is of no use or an initial
// value leads to nothing in the input, and with a [SchemaViolationError] where an initial
// value does not fit its schema.
func (sm *StateManager) DefineState(ctx context.Context, definition StateDefinition, options ...DefineOption) (*DefineResult, error) {
	made, err := sm.defineState(ctx, definition, gathered(options))
	return send(ctx, sm.channel, made, err)
}

// Member gives what one member of the workflow sees and writes, and talks to nobody. Make one
// for each run of the member.
func (sm *StateManager) Member(name string) *Member {
	return &Member{sm: sm, name: name}
}

// A Member is what one member sees of the shared state of an execution, and what it writes.
// Made by [StateManager.Member].
type Member struct {
	sm   *StateManager
	name string

	mu   sync.Mutex
	view *View
}

// Name gives the member's name.
func (m *Member) Name() string { return m.name }

// State gives the keys that the member uses and that have a value. They are read at the first
// look, which is logged, and stay what they were then.
//
// It fails with a [StateNotFoundError] where the execution does not exist, and with an
// [InvalidRequestError] where it has no shared state.
func (m *Member) State(ctx context.Context) (*View, error) {
	m.mu.Lock()
	seen := m.view
	m.mu.Unlock()
	if seen != nil {
		return seen, nil
	}
	made, err := m.sm.readState(m.name)
	read, err := send(ctx, m.sm.channel, made, err)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	// Somebody else may have read it meanwhile: what was seen first stays.
	if m.view == nil {
		m.view = read
	}
	return m.view, nil
}

// SetState writes values by key, all or none; the member's own view does not change.
//
// Beside those of a write it takes [WithOnUndeclared].
//
// It fails with a [StateAccessDeniedError] where the member may not set a key, with a
// [SchemaViolationError] where a value does not fit, with a [StateNotFoundError] where the
// execution does not exist, with an [InvalidRequestError] where it has no shared state, and
// with a [SerializationError] where a value cannot be sent.
func (m *Member) SetState(ctx context.Context, updates Document, options ...SetStateOption) (*StateWriteResult, error) {
	made, err := m.sm.writeState(ctx, m.name, updates, gathered(options))
	return send(ctx, m.sm.channel, made, err)
}

// A View is what a member sees. It cannot be changed: what it gives is made anew each time.
type View struct {
	texts map[string]string
}

// Get gives the value of a key, as a [Document] has it; false: there is none.
func (v *View) Get(key string) (any, bool) {
	text, ok := v.texts[key]
	if !ok {
		return nil, false
	}
	value, fault := jsontext.Decode(text)
	if fault != nil {
		panic(fault) // It was read before.
	}
	return value, true
}

// Keys gives the keys that have a value, sorted.
func (v *View) Keys() []string { return slices.Sorted(maps.Keys(v.texts)) }

// All gives the keys, sorted, and their values.
func (v *View) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for _, key := range v.Keys() {
			if value, _ := v.Get(key); !yield(key, value) {
				return
			}
		}
	}
}

// Document gives a copy of all values.
func (v *View) Document() Document { return maps.Collect(v.All()) }

// MarshalJSON writes all values as one object; for [Decode].
func (v *View) MarshalJSON() ([]byte, error) {
	raw := make(map[string]json.RawMessage, len(v.texts))
	for key, text := range v.texts {
		raw[key] = json.RawMessage(text)
	}
	return json.Marshal(raw)
}

func (sm *StateManager) defineState(ctx context.Context, definition StateDefinition, s *settings) (*call[*DefineResult], error) {
	options, err := sm.writing(ctx, s)
	if err != nil {
		return nil, err
	}
	request, err := defineRequest(definition, s)
	if err != nil {
		return nil, sm.located(err)
	}
	request.Key, request.Options = sm.at.key(), options
	response := &pb.DefineStateResponse{}
	return writeCall(sm, rpcDefineState, request, response, func() (*DefineResult, error) {
		result := &DefineResult{
			WriteResult:       readWriteResult(response.GetResult()),
			DefinitionVersion: response.GetDefinitionVersion(),
		}
		for _, each := range response.GetMisfits() {
			result.Misfits = append(result.Misfits,
				Misfit{each.GetKey(), each.GetPath(), each.GetRule(), each.GetProblem()})
		}
		return result, nil
	}), nil
}

func defineRequest(definition StateDefinition, s *settings) (*pb.DefineStateRequest, error) {
	request := &pb.DefineStateRequest{
		Schema:  make(map[string]string, len(definition.Schema)),
		Members: make(map[string]*pb.MemberAccess, len(definition.Members)),
	}
	for key, schema := range definition.Schema {
		if err := checkText("schema", key); err != nil {
			return nil, err
		}
		text, fault := jsontext.Encode(schema)
		if fault != nil {
			return nil, unserializable("saved", fault.Path("schema."+key), fault.Sentence)
		}
		request.Schema[key] = text
	}
	for name, access := range definition.Members {
		if err := checkTexts("members", slices.Concat([]string{name}, access.Use, access.Set)); err != nil {
			return nil, err
		}
		request.Members[name] = &pb.MemberAccess{Use: access.Use, Set: access.Set}
	}
	var err error
	if request.Initial, err = writeJSON(definition.Initial, "initial"); err != nil {
		return nil, err
	}
	request.Input, err = writeJSON(s.templateInput, "input")
	return request, err
}

func (sm *StateManager) readState(member string) (*call[*View], error) {
	if sm.refused != nil {
		return nil, sm.refused
	}
	if err := checkName("member", member); err != nil {
		return nil, sm.located(err)
	}
	// However often it is sent, it is logged once.
	options := &pb.WriteOptions{RequestId: randomID()}
	request := &pb.ReadStateRequest{Key: sm.at.key(), Options: options, Member: member}
	response := &pb.ReadStateResponse{}
	return plainCall(sm.at, rpcReadState, request, response, func() (*View, error) {
		return readView(response.GetView())
	}), nil
}

func readView(message *pb.Document) (*View, error) {
	// What cannot be read is told now.
	if _, err := readDocument(message, "view"); err != nil {
		return nil, err
	}
	view := &View{texts: make(map[string]string, len(message.GetEntries()))}
	for key, value := range message.GetEntries() {
		view.texts[key] = value.GetJson()
	}
	return view, nil
}

func (sm *StateManager) writeState(ctx context.Context, member string, updates Document, s *settings) (*call[*StateWriteResult], error) {
	options, err := sm.writing(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := checkName("member", member); err != nil {
		return nil, sm.located(err)
	}
	request := &pb.WriteStateRequest{Key: sm.at.key(), Options: options, Member: member}
	if request.Updates, err = writeJSON(updates, "updates"); err != nil {
		return nil, sm.located(err)
	}
	action := s.onUndeclared
	if action == "" {
		action = UndeclaredReject
	}
	var ok bool
	if request.OnUndeclared, ok = undeclaredNumbers[action]; !ok {
		return nil, sm.located(invalid("on_undeclared", "%q is neither reject nor drop", action))
	}
	response := &pb.WriteStateResponse{}
	return writeCall(sm, rpcWriteState, request, response, func() (*StateWriteResult, error) {
		return &StateWriteResult{readWriteResult(response.GetResult()), response.GetDropped()}, nil
	}), nil
}
