// Package places tells where a watch stands, also within a message.
//
// The server gives one resume token with each message, and it stands for all events of the
// message. Who stores the place of one event may have seen no more of the message than that.
// So the place of an event within a message is the token before it, and what was given
// since: of each execution the last revision, and how many events of that. A watch that goes
// on from there passes over what it gets again, of which the revisions tell.
//
// As text, a place is the server's token where nothing was given since. Otherwise it is a
// tilde, and in base64 (URL-safe) the JSON list of the token and a list
// [execution_id, revision, events] for each execution. It is the same in every language.
package places

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

const marked = "~"

// ErrNoToken says that a text is no resume token.
var ErrNoToken = errors.New("is no resume token")

// A Mark is an event that was given.
type Mark struct {
	ExecutionID string
	Revision    int64
}

// A Place is how far a watch has come, and somebody with it.
type Place struct {
	// Token is the server's.
	Token string

	// Marks are the events that were given since, in order. Others may share the array, and
	// add to its end.
	Marks []Mark
}

// Text gives what can be stored.
func (p Place) Text() string {
	if len(p.Marks) == 0 {
		return p.Token
	}
	list := []any{p.Token}
	last := countLast(p.Marks)
	for _, name := range last.names {
		list = append(list, []any{name, last.revisions[name], last.counts[name]})
	}
	text := bytes.Buffer{}
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(list); err != nil {
		panic(err) // Texts and numbers can always be written.
	}
	return marked + base64.RawURLEncoding.EncodeToString(bytes.TrimSpace(text.Bytes()))
}

// Read reads what [Place.Text] gave.
func Read(text string) (Place, error) {
	body, ok := strings.CutPrefix(text, marked)
	if !ok {
		return Place{Token: text}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return Place{}, ErrNoToken
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 {
		return Place{}, ErrNoToken
	}
	var place Place
	if json.Unmarshal(list[0], &place.Token) != nil {
		return Place{}, ErrNoToken
	}
	for _, item := range list[1:] {
		mark, count, err := readMark(item)
		if err != nil {
			return Place{}, err
		}
		for range count {
			place.Marks = append(place.Marks, mark)
		}
	}
	return place, nil
}

func readMark(text []byte) (Mark, int, error) {
	var mark Mark
	var count int
	var fields []json.RawMessage
	if json.Unmarshal(text, &fields) != nil || len(fields) != 3 {
		return Mark{}, 0, ErrNoToken
	}
	for i, target := range []any{&mark.ExecutionID, &mark.Revision, &count} {
		if json.Unmarshal(fields[i], target) != nil {
			return Mark{}, 0, ErrNoToken
		}
	}
	if count < 0 || count > countMax {
		return Mark{}, 0, ErrNoToken
	}
	return mark, count, nil
}

// More events of one revision than a transaction can have are no count of events.
const countMax = 10_000

// Given are the events that a watch gets again, because they were given after its token.
type Given struct {
	left last
}

// NewGiven tells what comes again after a place.
func NewGiven(place Place) *Given {
	return &Given{left: countLast(place.Marks)}
}

// Has tells whether the next event of an execution was given before.
func (g *Given) Has(executionID string, revision int64) bool {
	last, ok := g.left.revisions[executionID]
	if !ok {
		return false
	}
	if revision < last {
		return true
	}
	if count := g.left.counts[executionID]; revision == last && count > 1 {
		g.left.counts[executionID] = count - 1
		return true
	}
	delete(g.left.revisions, executionID)
	return revision == last
}

// Marks gives the marks of those that have not come again yet.
func (g *Given) Marks() []Mark {
	var marks []Mark
	for _, name := range g.left.names {
		revision, ok := g.left.revisions[name]
		for range g.left.counts[name] {
			if ok {
				marks = append(marks, Mark{name, revision})
			}
		}
	}
	return marks
}

// last is the last revision of each execution, and how many events of it were given.
type last struct {
	names     []string
	revisions map[string]int64
	counts    map[string]int
}

func countLast(marks []Mark) last {
	found := last{revisions: map[string]int64{}, counts: map[string]int{}}
	for _, mark := range marks {
		revision, ok := found.revisions[mark.ExecutionID]
		if !ok {
			found.names = append(found.names, mark.ExecutionID)
		}
		if !ok || revision != mark.Revision {
			found.revisions[mark.ExecutionID] = mark.Revision
			found.counts[mark.ExecutionID] = 0
		}
		found.counts[mark.ExecutionID]++
	}
	return found
}
