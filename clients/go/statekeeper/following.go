package statekeeper

import (
	"errors"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/internal/backoff"
	"github.com/statekeeper/statekeeper/clients/go/internal/places"
	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/protobuf/proto"
)

const (
	heartbeatDefault = 10 * time.Second
	// Without a sign of life for as many heartbeats, a stream is taken to be broken.
	silentHeartbeats = 3
	// A fault of the server, or of what stands between: it may have been the only one.
	faultsMax = 2
)

var includeNumbers = map[Include]pb.WatchInclude{
	IncludeHead:    pb.WatchInclude_WATCH_INCLUDE_HEAD,
	IncludeChanges: pb.WatchInclude_WATCH_INCLUDE_CHANGES,
	IncludeState:   pb.WatchInclude_WATCH_INCLUDE_STATE,
}

// following is a watch as far as it is known on this side: what it has given, and how it goes
// on. A stream may end at any time, and the watch goes on with the next one. What is kept here
// sees to it that nothing is missed and nothing comes twice.
type following struct {
	at execution
	// The request, but for where to begin later.
	request *pb.WatchRequest
	// After which time without a message a stream is broken.
	silence time.Duration
	// For how long to try to reach the server.
	giveUpAfter time.Duration
	// Whether to begin again with a snapshot where the changes since are no longer kept.
	restarts bool

	// Whether the watch stands or has ever stood: it misses nothing since.
	begun bool
	// Why the last stream has ended; nil: there is another one.
	trouble error
	// What was received and not yet given.
	events []received
	// What the caller has got, and what was received; nil: where the request says.
	reached, latest *places.Place
	given           *places.Given
	marks           []places.Mark
	tries           *backoff.Exponential
	messages        int
	faults          int
	gap             bool
}

// received is an event that was received: read when it is given, so that what cannot be read
// is told of this event alone.
type received struct {
	message *pb.Event
	// In place of a message.
	notice EventKind
	place  places.Place
}

// newFollowing makes a watch of an execution or, without its id, of a namespace.
func newFollowing(at execution, s *settings) (*following, error) {
	request := &pb.WatchRequest{}
	if at.executionID != "" {
		request.Key = at.key()
	} else {
		request.Namespace = at.namespace
		request.IdPrefix = s.idPrefix
	}
	f := &following{at: at, request: request, restarts: s.restarts, giveUpAfter: backoff.Forever}
	if err := f.setStart(s); err != nil {
		return nil, err
	}
	if err := f.setManner(s); err != nil {
		return nil, err
	}
	f.given = places.NewGiven(f.received())
	f.marks = f.given.Marks()
	return f, nil
}

func (f *following) setStart(s *settings) error {
	first := ""
	for _, start := range []struct {
		name  string
		given bool
	}{{"snapshot", s.snapshot}, {"after_revision", s.afterRevision != nil}, {"resume_token", s.resumeToken != nil}} {
		switch {
		case !start.given:
		case first != "":
			return invalid(start.name, "cannot be given together with %s", first)
		default:
			first = start.name
		}
	}
	switch first {
	case "snapshot":
		f.request.Start = &pb.WatchRequest_Snapshot{Snapshot: true}
	case "after_revision":
		f.request.Start = &pb.WatchRequest_AfterRevision{AfterRevision: *s.afterRevision}
		return checkRevision("after_revision", *s.afterRevision)
	case "resume_token":
		if err := checkName("resume_token", *s.resumeToken); err != nil {
			return err
		}
		place, err := places.Read(*s.resumeToken)
		if err != nil {
			return invalid("resume_token", "%v", err)
		}
		f.reached, f.latest = &place, &place
	}
	return nil
}

func (f *following) setManner(s *settings) error {
	if err := checkText("id_prefix", s.idPrefix); err != nil {
		return err
	}
	for _, kind := range s.kinds {
		number, ok := eventNumbers[kind]
		if !ok {
			return invalid("kinds", "%q is no kind of event to ask for", kind)
		}
		f.request.Kinds = append(f.request.Kinds, number)
	}
	included := s.include
	if included == "" {
		included = IncludeHead
	}
	var ok bool
	if f.request.Include, ok = includeNumbers[included]; !ok {
		return invalid("include", "%q is none of head, changes, state", included)
	}
	heartbeat := heartbeatDefault
	if s.heartbeat != nil {
		heartbeat = *s.heartbeat
	}
	var err error
	if f.request.HeartbeatInterval, err = writeSpan("heartbeat", heartbeat); err != nil {
		return err
	}
	f.silence = silentHeartbeats * heartbeat
	if s.giveUpAfter != nil {
		f.giveUpAfter = *s.giveUpAfter
		_, err = writeSpan("give_up_after", *s.giveUpAfter)
	}
	return err
}

func (f *following) received() places.Place {
	if f.latest == nil {
		return places.Place{}
	}
	return *f.latest
}

// resumeToken gives where the caller stands.
func (f *following) resumeToken() string {
	place := f.latest
	if len(f.events) > 0 {
		place = f.reached
	}
	if place == nil {
		return ""
	}
	return place.Text()
}

// next makes the request for the next stream.
func (f *following) next() *pb.WatchRequest {
	request := proto.CloneOf(f.request)
	if f.latest != nil {
		request.Start = &pb.WatchRequest_ResumeToken{ResumeToken: f.latest.Token}
	}
	f.messages = 0
	f.given = places.NewGiven(f.received())
	return request
}

// event gives the next of the events that were received; false: there are no more. An event
// that cannot be read is passed over.
func (f *following) event() (*Event, bool, error) {
	if len(f.events) == 0 {
		return nil, false, nil
	}
	first := f.events[0]
	f.events = f.events[1:]
	f.reached = &first.place
	if first.notice != "" {
		return notice(first.notice, f.at.namespace, first.place), true, nil
	}
	event, err := readEvent(first.message, first.place)
	return event, true, err
}

// take notes a message that was received.
func (f *following) take(message *pb.WatchResponse) {
	f.messages++
	f.begun = true
	f.trouble = nil
	if len(f.events) == 0 {
		f.reached = f.latest
	}
	if f.messages > 1 || !message.GetHeartbeat() {
		// A stream that has only begun may end like the one before it.
		f.tries = nil
		f.faults = 0
	}
	f.takeEvents(message)
	if f.gap {
		f.gap = false
		f.events = append(f.events, received{notice: EventGap, place: f.received()})
	}
	if message.GetSnapshotComplete() {
		f.events = append(f.events, received{notice: EventSnapshotComplete, place: f.received()})
	}
}

func (f *following) takeEvents(message *pb.WatchResponse) {
	tokens := message.GetSnapshotTokens()
	fresh := false
	for _, event := range message.GetEvents() {
		id, revision := event.GetKey().GetExecutionId(), event.GetRevision()
		known := f.given.Has(id, revision)
		switch {
		case event.GetKind() == pb.EventKind_EVENT_KIND_SNAPSHOT && len(tokens) > 0:
			f.comeTo(tokens[0])
			tokens = tokens[1:]
		case !known:
			f.mark(id, revision)
		}
		if !known {
			fresh = true
			f.events = append(f.events, received{message: event, place: f.received()})
		}
	}
	if message.GetResumeToken() == "" {
		return
	}
	f.comeTo(message.GetResumeToken())
	if fresh {
		f.events[len(f.events)-1].place = f.received()
	}
}

// comeTo notes that the server knows the place.
func (f *following) comeTo(token string) {
	f.marks = f.given.Marks()
	f.latest = &places.Place{Token: token, Marks: f.marks[:len(f.marks):len(f.marks)]}
}

// mark notes an event after which the server knows no place.
func (f *following) mark(id string, revision int64) {
	f.marks = append(f.marks, places.Mark{ExecutionID: id, Revision: revision})
	f.latest = &places.Place{Token: f.received().Token, Marks: f.marks[:len(f.marks):len(f.marks)]}
}

// lost notes that the stream has ended, and gives the time until the next. Patience is for
// how long to try while the watch has not begun. The error is given back where there is no
// use in another stream, or the time for that is over.
func (f *following) lost(err error, patience time.Duration) (time.Duration, error) {
	f.trouble = err
	if f.restarts && f.isGap(err) {
		f.restart()
		return 0, nil
	}
	if !isPassing(err) {
		f.faults++
		if !errors.Is(err, ErrInternal) || f.faults > faultsMax {
			return 0, err
		}
	}
	if f.tries == nil {
		limit := f.giveUpAfter
		if !f.begun {
			limit = min(limit, patience)
		}
		f.tries = &backoff.Exponential{Limit: limit}
	}
	delay, again := f.tries.Next()
	if !again {
		return 0, err
	}
	var overloaded *OverloadedError
	if errors.As(err, &overloaded) {
		delay += overloaded.RetryAfter
	}
	return delay, nil
}

// isPassing tells whether an error is said of the way to the server, or of a server that
// stops or has too much to do.
func isPassing(err error) bool {
	return unheard(err) || errors.Is(err, ErrStorage) || errors.Is(err, ErrOverloaded)
}

func (f *following) isGap(err error) bool {
	if errors.Is(err, ErrRevisionCompacted) {
		return true
	}
	// Of a token that the server itself gave in this watch: it was restored since.
	var refused *InvalidRequestError
	if !f.begun || !errors.As(err, &refused) {
		return false
	}
	for _, each := range refused.Fields {
		if each.Field == "resume_token" {
			return true
		}
	}
	return false
}

func (f *following) restart() {
	f.request.Start = &pb.WatchRequest_Snapshot{Snapshot: true}
	f.latest = nil
	f.marks = nil
	f.gap = true
}
