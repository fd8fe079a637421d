package statekeeper

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync"
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A Watch is what happens, as it happens; made by [StateManager.Watch] and [Client.Watch].
//
// It misses nothing from when it is made. A broken connection, a server that restarts or is
// silent, and having been too slow are dealt with: it goes on where it was, and gives every
// event once. It ends when it is closed, when the context that it was made with ends, and
// when it fails.
//
// One goroutine at a time may ask it for events, and any may close it.
type Watch struct {
	channel   *channel
	following *following
	ctx       context.Context
	cancel    context.CancelCauseFunc
	stream    *watchStream
	failed    error

	// What other goroutines may ask for while one waits.
	mu      sync.Mutex
	token   string
	trouble error
}

// ErrWatchClosed is what [Watch.Next] fails with once the watch is closed.
var ErrWatchClosed = errors.New("the watch is closed")

// Watch tells what happens to the execution, which need not exist, from now on or from an
// earlier place.
//
//	watch, err := sm.Watch(ctx)
//	if err != nil {
//		return err
//	}
//	defer watch.Close()
//	for event, err := range watch.Events() {
//		...
//	}
//
// When it returns, the watch stands: it tells everything that happens later. It lasts until
// it is closed or the context ends.
//
// It takes [WithSnapshot], [WithAfterRevision] or [WithResumeToken], [WithKinds],
// [WithInclude], [WithHeartbeat], [WithGiveUpAfter] and [WithRestart].
func (sm *StateManager) Watch(ctx context.Context, options ...WatchOption) (*Watch, error) {
	if sm.refused != nil {
		return nil, sm.refused
	}
	watch, err := newWatch(ctx, sm.channel, execution{namespace: sm.at.namespace, executionID: sm.at.executionID}, gathered(options))
	if err != nil {
		return nil, sm.located(err)
	}
	return watch, nil
}

// Watch tells what happens to the executions of a namespace. The events of one execution come
// in the order of their revisions. When it returns, the watch stands: it tells everything that
// happens later.
//
// It takes [WithNamespace] and [WithIDPrefix], and what [StateManager.Watch] takes but for
// [WithAfterRevision].
func (c *Client) Watch(ctx context.Context, options ...NamespaceWatchOption) (*Watch, error) {
	s := gathered(options)
	namespace, err := checkedNamespace(s)
	if err != nil {
		return nil, err
	}
	return newWatch(ctx, c.channel, execution{namespace: namespace}, s)
}

func newWatch(ctx context.Context, ch *channel, at execution, s *settings) (*Watch, error) {
	following, err := newFollowing(at, s)
	if err != nil {
		return nil, err
	}
	w := &Watch{channel: ch, following: following}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	for !following.begun {
		if err := w.advance(w.ctx); err != nil {
			w.Close()
			return nil, err
		}
	}
	return w, nil
}

// Events gives the events until the watch is closed; it fails as [Watch.Next] does. The watch
// goes on where the loop is left.
func (w *Watch) Events() iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		for {
			event, err := w.Next(context.Background())
			if w.isClosed() {
				return
			}
			if !yield(event, err) || err != nil && w.failed != nil {
				return
			}
		}
	}
}

// Next waits for the next event, until the context ends: the watch goes on then.
//
// It fails with a [RevisionCompactedError] where what happened meanwhile is no longer kept,
// and with another error where the server refuses to go on or could not be reached for
// [WithGiveUpAfter]. With a [SerializationError] an event is passed over, and the watch goes
// on. With a [CancelledError] the watch (then it is [ErrWatchClosed] as well) or the client was
// closed, or a context has ended.
func (w *Watch) Next(ctx context.Context) (*Event, error) {
	for w.failed == nil {
		event, ok, err := w.following.event()
		if ok {
			w.note()
			return event, w.following.at.located(err)
		}
		if err := w.advance(ctx); err != nil {
			return nil, err
		}
	}
	return nil, w.failed
}

// ResumeToken gives what to store once all events that were given are dealt with, as that of
// the last event. It moves on also where nothing happens, so that it is not too old one day.
func (w *Watch) ResumeToken() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.token
}

// Trouble gives why the last connection has ended, while there is no other one; else nil.
func (w *Watch) Trouble() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trouble
}

// Close ends it, also where a goroutine waits for an event. It may be closed again.
func (w *Watch) Close() {
	w.cancel(ErrWatchClosed)
}

func (w *Watch) isClosed() bool {
	return context.Cause(w.ctx) == ErrWatchClosed
}

// note tells other goroutines where it stands.
func (w *Watch) note() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.token, w.trouble = w.following.resumeToken(), w.following.trouble
}

// advance waits for a message, or for what keeps it from coming.
func (w *Watch) advance(ctx context.Context) error {
	at := site{w.channel.target, w.channel.timeout, w.following.at}
	limit := w.following.silence
	if w.stream == nil {
		limit = w.channel.timeout
		w.stream = openWatch(w.ctx, w.channel, w.following.next())
	}
	silent := time.NewTimer(limit)
	defer silent.Stop()
	var failure *status.Status
	select {
	case got := <-w.stream.messages:
		if got.err == nil {
			w.channel.hear()
			w.following.take(got.message)
			w.note()
			return nil
		}
		failure = status.Convert(got.err)
	case <-silent.C:
		failure = status.Newf(codes.Unavailable, "nothing was heard of it for %s", limit)
	case <-ctx.Done():
		return at.ended(ctx)
	case <-w.ctx.Done():
	case <-w.channel.ctx.Done():
	}
	w.stream.end()
	w.stream = nil
	switch {
	case w.ctx.Err() != nil:
		w.failed = at.ended(w.ctx)
		return w.failed
	case w.channel.ctx.Err() != nil:
		w.failed = at.closed()
		return w.failed
	}
	return w.recover(ctx, at.failed(failure))
}

// recover waits until it is time for another stream.
func (w *Watch) recover(ctx context.Context, err error) error {
	if !unheard(err) {
		w.channel.hear()
	}
	delay, err := w.following.lost(err, w.channel.patience())
	w.note()
	if err != nil {
		w.failed = err
		return err
	}
	select {
	case <-time.After(delay):
	case <-ctx.Done():
	case <-w.ctx.Done():
	case <-w.channel.ctx.Done():
	}
	return nil
}

// A watchStream is one stream. It is read by a goroutine of its own, one message ahead, so
// that who waits for the next may stop waiting.
type watchStream struct {
	messages chan watchMessage
	end      context.CancelFunc
}

type watchMessage struct {
	message *pb.WatchResponse
	err     error
}

func openWatch(ctx context.Context, ch *channel, request *pb.WatchRequest) *watchStream {
	ctx, cancel := context.WithCancel(ctx)
	opened := &watchStream{messages: make(chan watchMessage), end: cancel}
	go func() {
		defer cancel()
		stream, err := startWatch(ctx, ch, request)
		for {
			var got watchMessage
			if got.err = err; err == nil {
				got.message = &pb.WatchResponse{}
				got.err = stream.RecvMsg(got.message)
			}
			if errors.Is(got.err, io.EOF) {
				got.err = status.Error(codes.Unavailable, "the server has ended the stream")
			}
			select {
			case opened.messages <- got:
			case <-ctx.Done():
				return
			}
			if got.err != nil {
				return
			}
		}
	}()
	return opened
}

func startWatch(ctx context.Context, ch *channel, request *pb.WatchRequest) (grpc.ClientStream, error) {
	// A server that is away is told at once: who watches knows how to go on.
	stream, err := ch.conn.NewStream(ctx, &grpc.StreamDesc{StreamName: "Watch", ServerStreams: true}, watchMethod)
	if err != nil {
		return nil, err
	}
	// How a stream has ended is told to who reads.
	if err := stream.SendMsg(request); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return stream, stream.CloseSend()
}
