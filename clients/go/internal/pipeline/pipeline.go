// Package pipeline sends the operations of many callers in one stream: what waits while a
// message is under way goes into the next.
//
// A call of its own costs gRPC some 50 us on either side, whatever it does, and a message of
// its own not much less. Here what is called while a message is being sent shares the one
// after it, and those who were answered and call again go together. When the stream breaks,
// what has no answer is sent again on a new one, in the same order. That is safe: reads change
// nothing, and writes carry a request_id.
package pipeline

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/internal/backoff"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

const (
	messageOperationsMax = 500
	messageBytesMax      = 256 << 10
)

// Stream is what a pipeline needs of a grpc.ClientStream, made with wire.Codec.
type Stream interface {
	SendMsg(message any) error
	RecvMsg(message any) error
}

// Server is the way to a server.
type Server struct {
	// Open opens a stream, and waits for the server if it is told to.
	Open func(ctx context.Context, wait bool) (Stream, error)
	// Known tells whether the server was ever heard of. Until then a server that cannot be
	// reached is an error after FindFor.
	Known func() bool
	// Heard is called when the server is heard of.
	Heard   func()
	FindFor time.Duration
}

// An operation is a call without an answer.
type operation struct {
	tag      uint64
	number   protowire.Number
	request  []byte
	deadline time.Time

	// Has one element once there is an answer, or a failure.
	done     chan struct{}
	response []byte
	failure  *status.Status
}

func (op *operation) fail(failure *status.Status) {
	op.failure = failure
	op.done <- struct{}{}
}

var operations = sync.Pool{New: func() any {
	return &operation{done: make(chan struct{}, 1)}
}}

// A Pipeline has one stream at a time.
type Pipeline struct {
	server Server
	// Ends with the pipeline.
	ctx   context.Context
	close context.CancelFunc
	wake  chan struct{}

	mu      sync.Mutex
	running bool
	lastTag uint64
	// In the order of the calls, which is that of their tags. Who takes an operation out of
	// the two is the only one who may end it.
	unsent  []*operation
	sent    map[uint64]*operation
	company company
	// Fails what is late. There is one for all, since each call would have to start and stop
	// one of its own.
	expiry  *time.Timer
	expires time.Time
}

// New makes a pipeline; it opens no stream before there is something to send.
func New(server Server) *Pipeline {
	ctx, cancel := context.WithCancel(context.Background())
	p := &Pipeline{
		server: server,
		ctx:    ctx,
		close:  cancel,
		wake:   make(chan struct{}, 1),
		sent:   map[uint64]*operation{},
	}
	p.expiry = time.AfterFunc(time.Hour, p.expire)
	p.expiry.Stop()
	return p
}

var (
	closed = status.New(codes.Canceled, "the client is closed")
	late   = status.New(codes.DeadlineExceeded, "no answer in time")
)

// Do does one operation, and gives its response: exactly one of the two is not nil.
//
// The number is that of the operation's field in Operation. When the context ends before the
// operation, that is all that is known of it. Once there is a response, nobody reads the
// request any more; else somebody may.
func (p *Pipeline) Do(ctx context.Context, number int32, request []byte, deadline time.Time) ([]byte, *status.Status) {
	op := operations.Get().(*operation)
	op.number, op.request, op.deadline = protowire.Number(number), request, deadline
	p.enqueue(op)
	select {
	case <-op.done:
		response, failure := op.response, op.failure
		if failure == nil {
			op.request, op.response = nil, nil
			operations.Put(op)
		}
		return response, failure
	case <-ctx.Done():
		// It is not used again: it may just be sent, or answered.
		p.forget(op)
		return nil, status.FromContextError(ctx.Err())
	}
}

func (p *Pipeline) enqueue(op *operation) {
	p.mu.Lock()
	if p.ctx.Err() != nil {
		p.mu.Unlock()
		op.fail(closed)
		return
	}
	p.lastTag++
	op.tag = p.lastTag
	p.unsent = append(p.unsent, op)
	p.company.called()
	// The first wakes who sends, who may wait for others; the last of them wakes it again, and
	// so does the last for whom there is room.
	wake := len(p.unsent) == 1 || len(p.unsent) == messageOperationsMax || p.company.complete()
	if !p.running {
		p.running = true
		go p.run()
	}
	if p.expires.IsZero() || op.deadline.Before(p.expires) {
		p.expireAt(op.deadline)
	}
	p.mu.Unlock()
	if wake {
		p.signal()
	}
}

func (p *Pipeline) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *Pipeline) forget(op *operation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sent, op.tag)
	if i := slices.Index(p.unsent, op); i >= 0 {
		p.unsent = slices.Delete(p.unsent, i, i+1)
	}
}

// expireAt has expire called at a time; the mutex is held.
func (p *Pipeline) expireAt(at time.Time) {
	p.expires = at
	p.expiry.Reset(time.Until(at))
}

// expire fails what has no answer in time.
func (p *Pipeline) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, next := time.Now(), time.Time{}
	isLate := func(op *operation) bool {
		if !now.Before(op.deadline) {
			op.fail(late)
			return true
		}
		if next.IsZero() || op.deadline.Before(next) {
			next = op.deadline
		}
		return false
	}
	p.unsent = slices.DeleteFunc(p.unsent, isLate)
	maps.DeleteFunc(p.sent, func(_ uint64, op *operation) bool { return isLate(op) })
	p.expires = next
	if !next.IsZero() {
		p.expireAt(next)
	}
}

// Close ends the stream; calls under way end as cancelled.
func (p *Pipeline) Close() {
	p.close()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.takeBack()
	p.failUnsent(closed)
	p.expiry.Stop()
}

// run opens streams until there is one that stays, or nothing to send.
func (p *Pipeline) run() {
	tries := backoff.Exponential{Limit: p.server.FindFor}
	for {
		answered, err := p.use()
		if answered {
			tries = backoff.Exponential{Limit: p.server.FindFor}
		}
		if p.isOver() {
			return
		}
		if !broken(err) {
			p.failAll(status.Convert(err))
			return
		}
		delay, ok := tries.Next()
		if !ok {
			if !p.server.Known() {
				p.failAll(status.Convert(err))
				return
			}
			tries = backoff.Exponential{Limit: p.server.FindFor}
			delay = 0
		}
		select {
		case <-time.After(delay):
		case <-p.ctx.Done():
		}
	}
}

// isOver tells whether there is nothing more to do once a stream has ended. What was sent on
// it, and has no answer, is the first to be sent again.
func (p *Pipeline) isOver() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.takeBack()
	p.company = company{}
	p.running = len(p.unsent) > 0
	return !p.running
}

// takeBack makes what was sent unsent; the mutex is held.
func (p *Pipeline) takeBack() {
	again := make([]*operation, 0, len(p.sent)+len(p.unsent))
	for _, op := range p.sent {
		again = append(again, op)
	}
	slices.SortFunc(again, func(a, b *operation) int { return cmp.Compare(a.tag, b.tag) })
	p.unsent = append(again, p.unsent...)
	clear(p.sent)
}

// use sends and receives until the stream ends, and tells whether anything was received.
func (p *Pipeline) use() (answered bool, err error) {
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	stream, err := p.server.Open(ctx, p.server.Known())
	if err != nil {
		return false, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		answered, err = p.read(stream)
	}()
	// How a stream has ended is told to who reads, but not where this side could not send.
	if p.write(stream, ended) != nil {
		cancel()
	}
	<-ended
	return answered, err
}

// write sends until the stream ends; the error is one of this side.
func (p *Pipeline) write(stream Stream, ended <-chan struct{}) error {
	patience := time.NewTimer(time.Hour)
	defer patience.Stop()
	for {
		// Whoever is about to call does so first. It costs nothing where there is nobody.
		runtime.Gosched()
		now := time.Now()
		taken, wait := p.take(now)
		if len(taken) > 0 {
			err := stream.SendMsg(message(taken, now))
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			continue
		}
		var over <-chan time.Time
		if wait > 0 {
			patience.Reset(wait)
			over = patience.C
		}
		select {
		case <-p.wake:
		case <-over:
		case <-ended:
			return nil
		}
	}
}

// take gives what waits, up to what a message may have, or how long others are to be waited
// for.
func (p *Pipeline) take(now time.Time) ([]*operation, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.unsent) == 0 {
		return nil, 0
	}
	if wait := p.company.wait(now); wait > 0 && len(p.unsent) < messageOperationsMax {
		return nil, wait
	}
	count, bytes := 0, 0
	for _, op := range p.unsent {
		bytes += len(op.request) + entryBytes
		if count == messageOperationsMax || count > 0 && bytes > messageBytesMax {
			break
		}
		p.sent[op.tag] = op
		count++
	}
	taken := p.unsent[:count:count]
	p.unsent = p.unsent[count:]
	return taken, 0
}

func (p *Pipeline) read(stream Stream) (answered bool, err error) {
	for {
		var text []byte
		err = stream.RecvMsg(&text)
		if errors.Is(err, io.EOF) {
			return answered, status.Error(codes.Unavailable, "the server has ended the stream")
		}
		if err != nil {
			return answered, err
		}
		answered = true
		p.server.Heard()
		found, err := results(text)
		if err != nil {
			return answered, status.Error(codes.Internal, err.Error())
		}
		p.answer(found)
	}
}

func (p *Pipeline) answer(found []result) {
	ended := make([]*operation, 0, len(found))
	p.mu.Lock()
	for _, each := range found {
		op, ok := p.sent[each.tag]
		if !ok {
			continue
		}
		delete(p.sent, each.tag)
		op.response, op.failure = outcome(each, op.number)
		ended = append(ended, op)
	}
	p.company.answered(len(ended), time.Now())
	p.mu.Unlock()
	for _, op := range ended {
		op.done <- struct{}{}
	}
}

func outcome(found result, number protowire.Number) ([]byte, *status.Status) {
	switch found.number {
	case number:
		return found.response, nil
	case operationError:
		told := new(spb.Status)
		if err := proto.Unmarshal(found.response, told); err != nil {
			return nil, status.New(codes.Internal, err.Error())
		}
		return nil, status.FromProto(told)
	default:
		return nil, status.New(codes.Internal, errMalformed.Error())
	}
}

func (p *Pipeline) failAll(failure *status.Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = false
	p.failUnsent(failure)
}

// failUnsent fails what waits; the mutex is held.
func (p *Pipeline) failUnsent(failure *status.Status) {
	for _, op := range p.unsent {
		op.fail(failure)
	}
	p.unsent = nil
}

// broken tells whether a stream has ended because the way to the server is broken, or the
// server stops.
func broken(err error) bool {
	switch told := status.Convert(err); told.Code() {
	case codes.Unavailable, codes.Canceled:
		return true
	case codes.Internal:
		// What gRPC itself says where a connection ends in the middle of a stream.
		return strings.Contains(told.Message(), "RST_STREAM") ||
			strings.Contains(told.Message(), "without sending trailers")
	default:
		return false
	}
}
