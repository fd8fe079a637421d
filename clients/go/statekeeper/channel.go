package statekeeper

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/internal/pipeline"
	"github.com/statekeeper/statekeeper/clients/go/internal/wire"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	timeoutDefault  = 10 * time.Second
	messageBytesMax = 16 << 20
	// What a message takes beside its operations.
	roomBytes = 64 << 10
	// What is larger shares no message that others wait for.
	operationBytesMax = 64 << 10
	// A message of the pipeline is written at once as a rule, not in parts.
	writeBufferBytes = 128 << 10
	// How much of a stream, and of all together, may be under way. Sizes that are fixed spare
	// the pings by which gRPC finds some: there would be one for each message that comes in.
	streamWindowBytes     = 1 << 20
	connectionWindowBytes = 16 << 20
	// For how long a server that was never heard of is looked for.
	findFor = 1500 * time.Millisecond

	attemptsMax    = 5
	retryDelay     = 100 * time.Millisecond
	retryDelayMax  = 2 * time.Second
	retryJitter    = 0.2
	pushbackHeader = "grpc-retry-pushback-ms"
)

// A dead connection is noticed even while nobody calls.
var keepaliveParameters = keepalive.ClientParameters{
	Time:                30 * time.Second,
	Timeout:             20 * time.Second,
	PermitWithoutStream: true,
}

// A server that restarts is found again within a second of its return; an address that
// swallows packets is told after three.
var connectParameters = grpc.ConnectParams{
	Backoff: backoff.Config{
		BaseDelay:  100 * time.Millisecond,
		Multiplier: backoff.DefaultConfig.Multiplier,
		Jitter:     backoff.DefaultConfig.Jitter,
		MaxDelay:   time.Second,
	},
	MinConnectTimeout: 3 * time.Second,
}

// What requests are marshalled into. Only those that were answered in the pipeline come back:
// of the others gRPC may still send, and they may be large.
var requests = sync.Pool{New: func() any { return new([]byte) }}

// A channel is a client's connection to its server.
type channel struct {
	target  string
	timeout time.Duration
	conn    *grpc.ClientConn
	pipe    *pipeline.Pipeline
	// Whether the server was ever heard of. Until then a call to a wrong address fails at
	// once; from then on a server that is away is taken to be restarting, and waited for
	// until the deadline.
	heard atomic.Bool
	// Ends with the channel.
	ctx    context.Context
	cancel context.CancelFunc
}

func newChannel(target string, timeout time.Duration, s *settings) (*channel, error) {
	transport := insecure.NewCredentials()
	if s.tls != nil {
		transport = credentials.NewTLS(s.tls)
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithKeepaliveParams(keepaliveParameters),
		grpc.WithConnectParams(connectParameters),
		grpc.WithWriteBufferSize(writeBufferBytes),
		grpc.WithStaticStreamWindowSize(streamWindowBytes),
		grpc.WithStaticConnWindowSize(connectionWindowBytes),
		// What is repeated, and when, is decided here alone.
		grpc.WithDisableRetry(),
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallSendMsgSize(messageBytesMax+roomBytes),
			grpc.MaxCallRecvMsgSize(messageBytesMax+roomBytes),
		),
	}
	if s.token != nil {
		options = append(options, grpc.WithPerRPCCredentials(bearer(*s.token)))
	}
	conn, err := grpc.NewClient(target, options...)
	if err != nil {
		return nil, invalid("target", "%v", err)
	}
	ch := &channel{target: target, timeout: timeout, conn: conn}
	ch.ctx, ch.cancel = context.WithCancel(context.Background())
	ch.pipe = pipeline.New(pipeline.Server{
		Open:    ch.openPipeline,
		Known:   ch.heard.Load,
		Heard:   ch.hear,
		FindFor: findFor,
	})
	return ch, nil
}

// bearer is a token that goes with every call.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity tells that gRPC need not: a plaintext connection is accepted to
// this machine alone, which [NewClient] sees to.
func (bearer) RequireTransportSecurity() bool { return false }

func (ch *channel) openPipeline(ctx context.Context, wait bool) (pipeline.Stream, error) {
	shape := &grpc.StreamDesc{StreamName: "Pipeline", ServerStreams: true, ClientStreams: true}
	return ch.conn.NewStream(ctx, shape, pipelineMethod, wire.Codec(), grpc.WaitForReady(wait))
}

func (ch *channel) hear() {
	if !ch.heard.Load() {
		ch.heard.Store(true)
	}
}

// patience is for how long to look for a server that cannot be reached.
func (ch *channel) patience() time.Duration {
	if ch.heard.Load() {
		return ch.timeout
	}
	return findFor
}

func (ch *channel) close() error {
	ch.cancel()
	ch.pipe.Close()
	return ch.conn.Close()
}

// deliver sends a request, again where that can help, and reads the response into its place.
func (ch *channel) deliver(ctx context.Context, out *outgoing) error {
	timeout := ch.timeout + out.wait
	if out.limit != 0 {
		timeout = min(timeout, out.limit)
	}
	at := site{ch.target, timeout, out.at}
	buffer := requests.Get().(*[]byte)
	request, err := wire.Append((*buffer)[:0], out.request)
	if err != nil {
		return at.failed(status.New(codes.Internal, err.Error()))
	}
	if len(request) > messageBytesMax {
		return tooLarge(len(request), out.at)
	}
	pipelined := out.rpc.operation != 0 && len(request) <= operationBytesMax
	began := time.Now()
	ends := began.Add(timeout)
	for attempt := 1; ; attempt++ {
		var failure *status.Status
		var pushback []string
		if pipelined {
			failure = ch.tryPipeline(ctx, out, request, ends)
		} else {
			failure, pushback = ch.tryAlone(ctx, out, request, ends)
		}
		switch {
		case failure == nil:
			ch.hear()
			if pipelined {
				*buffer = request
				requests.Put(buffer)
			}
			return nil
		case ch.ctx.Err() != nil:
			return at.closed()
		case ctx.Err() != nil:
			return at.ended(ctx)
		}
		err = at.failed(failure)
		if !unheard(err) {
			ch.hear()
		}
		delay, again := ch.again(err, pushback, attempt, time.Since(began))
		if !again || time.Until(ends) <= delay {
			return err
		}
		select {
		case <-time.After(delay):
		case <-ch.ctx.Done():
			return at.closed()
		case <-ctx.Done():
			return at.ended(ctx)
		}
	}
}

// tryAlone sends a request once, as a call of its own.
func (ch *channel) tryAlone(ctx context.Context, out *outgoing, request []byte, ends time.Time) (*status.Status, []string) {
	ctx, cancel := context.WithDeadline(ctx, ends)
	defer cancel()
	var response []byte
	var trailer metadata.MD
	err := ch.conn.Invoke(ctx, out.rpc.method, mem.BufferSlice{mem.SliceBuffer(request)}, &response,
		wire.Codec(), grpc.WaitForReady(ch.heard.Load()), grpc.Trailer(&trailer))
	if err != nil {
		return status.Convert(err), trailer[pushbackHeader]
	}
	return read(response, out), nil
}

// tryPipeline sends a request once, in a message with those of others.
func (ch *channel) tryPipeline(ctx context.Context, out *outgoing, request []byte, ends time.Time) *status.Status {
	response, failure := ch.pipe.Do(ctx, out.rpc.operation, request, ends)
	if failure != nil {
		return failure
	}
	return read(response, out)
}

// read reads a response into its place.
func read(response []byte, out *outgoing) *status.Status {
	if err := wire.Read(response, out.response); err != nil {
		return status.New(codes.Internal, err.Error())
	}
	return nil
}

// again tells after which time a call is worth another try, if it is.
func (ch *channel) again(err error, pushback []string, attempt int, passed time.Duration) (time.Duration, bool) {
	delay := min(retryDelay<<(min(attempt, attemptsMax)-1), retryDelayMax)
	delay = time.Duration(float64(delay) * (1 + retryJitter*(2*rand.Float64()-1)))
	if len(pushback) > 0 {
		told, err := strconv.Atoi(pushback[0])
		if err != nil || told < 0 {
			return 0, false
		}
		delay = time.Duration(told) * time.Millisecond
	}
	var overloaded *OverloadedError
	var storage *StorageError
	switch {
	case errors.As(err, &overloaded):
		return max(delay, overloaded.RetryAfter), attempt < attemptsMax
	case errors.As(err, &storage):
		return delay, attempt < attemptsMax
	case errors.Is(err, ErrUnavailable), errors.Is(err, ErrCancelled):
		return delay, ch.heard.Load() || passed+delay < findFor
	default:
		return 0, false
	}
}

// unheard tells whether a call ended without a word from the server.
func unheard(err error) bool {
	return errors.Is(err, ErrUnavailable) || errors.Is(err, ErrDeadlineExceeded) ||
		errors.Is(err, ErrCancelled)
}

// mayBeDone tells whether what failed like this may have been done all the same.
func mayBeDone(err error) bool {
	return unheard(err) || errors.Is(err, ErrInternal) || errors.Is(err, ErrStorage)
}

func tooLarge(size int, at execution) error {
	return at.located(&StateTooLargeError{
		StateError: StateError{
			Code: ErrStateTooLarge,
			Message: "the request has " + strconv.Itoa(size) + " bytes, and a message may have " +
				strconv.Itoa(messageBytesMax),
		},
		Size:  int64(size),
		Limit: messageBytesMax,
	})
}
