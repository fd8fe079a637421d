package statekeeper_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// large gives a state that is a call of its own.
func large() *statekeeper.State {
	return &statekeeper.State{
		Status:  statekeeper.StatusRunning,
		Context: statekeeper.Document{"text": strings.Repeat("x", 65<<10)},
	}
}

func small() *statekeeper.State {
	return &statekeeper.State{Status: statekeeper.StatusRunning}
}

// failing fails so many times.
func failing(times int, err error) func(context.Context, int) error {
	return func(_ context.Context, number int) error {
		if number < times {
			return err
		}
		return nil
	}
}

func TestCallsAreRepeatedWithTheirRequestIDs(t *testing.T) {
	for name, err := range map[string]error{
		"unavailable":   status.Error(codes.Unavailable, "gone"),
		"cancelled":     status.Error(codes.Canceled, "stopping"),
		"storage error": refusal(codes.Unavailable, "STORAGE_ERROR").Err(),
		"overloaded":    overloaded(10 * time.Millisecond).Err(),
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{save: failing(2, err)}
			target, _ := f.serve(t, "127.0.0.1:0")
			if _, err := newClient(t, target).StateManager("e").Save(limited(t), large()); err != nil {
				t.Fatal(err)
			}
			if len(f.saves) != 3 {
				t.Fatalf("it was sent %d times", len(f.saves))
			}
			for _, each := range f.saves {
				if id := each.GetOptions().GetRequestId(); id == "" || id != f.saves[0].GetOptions().GetRequestId() {
					t.Errorf("request ids differ: %q", id)
				}
			}
		})
	}
}

func TestWhatIsOfNoUseIsNotRepeated(t *testing.T) {
	for name, err := range map[string]error{
		"conflict":     refusal(codes.Aborted, "CONFLICT").Err(),
		"storage full": refusal(codes.ResourceExhausted, "STORAGE_FULL").Err(),
		"internal":     status.Error(codes.Internal, "a fault"),
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{save: failing(1, err)}
			target, _ := f.serve(t, "127.0.0.1:0")
			if _, err := newClient(t, target).StateManager("e").Save(limited(t), large()); err == nil {
				t.Fatal("it should have failed")
			}
			if len(f.saves) != 1 {
				t.Fatalf("it was sent %d times", len(f.saves))
			}
		})
	}
}

func TestTheServerDecidesAboutRetries(t *testing.T) {
	pushed := func(delay string) func(context.Context, int) error {
		return func(ctx context.Context, number int) error {
			if number > 0 {
				return nil
			}
			if err := grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", delay)); err != nil {
				return err
			}
			return refusal(codes.Unavailable, "STORAGE_ERROR").Err()
		}
	}
	t.Run("none", func(t *testing.T) {
		f := &fake{save: pushed("-1")}
		target, _ := f.serve(t, "127.0.0.1:0")
		_, err := newClient(t, target).StateManager("e").Save(limited(t), large())
		if !errors.Is(err, statekeeper.ErrStorage) || len(f.saves) != 1 {
			t.Fatalf("%v, sent %d times", err, len(f.saves))
		}
	})
	t.Run("later", func(t *testing.T) {
		f := &fake{save: pushed("400")}
		target, _ := f.serve(t, "127.0.0.1:0")
		began := time.Now()
		if _, err := newClient(t, target).StateManager("e").Save(limited(t), large()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 400*time.Millisecond {
			t.Fatalf("it was repeated after %s", took)
		}
	})
}

func TestAnOverloadedServerIsGivenItsTime(t *testing.T) {
	var refused atomic.Int64
	f := &fake{pipeline: func(stream pb.StateManager_PipelineServer, _ int) error {
		for {
			message, err := stream.Recv()
			if err != nil {
				return err
			}
			answer := &pb.BatchResponse{}
			for _, operation := range message.GetOperations() {
				if refused.Add(1) == 1 {
					answer.Results = append(answer.Results, refusedWith(operation, overloaded(300*time.Millisecond)))
				} else {
					answer.Results = append(answer.Results, done(operation))
				}
			}
			if err := stream.Send(answer); err != nil {
				return err
			}
		}
	}}
	target, _ := f.serve(t, "127.0.0.1:0")
	began := time.Now()
	if _, err := newClient(t, target).StateManager("e").Save(limited(t), small()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Fatalf("it was repeated after %s", took)
	}
}

func TestARefusedConnectionIsToldSoon(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := listener.Addr().String()
	listener.Close()
	for name, state := range map[string]*statekeeper.State{"small": small(), "large": large()} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := newClient(t, target).StateManager("e").Save(limited(t), state)
			if !errors.Is(err, statekeeper.ErrUnavailable) || !strings.Contains(err.Error(), "connection refused") {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 4*time.Second {
				t.Fatalf("it took %s", took)
			}
		})
	}
}

func TestAServerThatWasThereIsWaitedFor(t *testing.T) {
	f := &fake{}
	target, server := f.serve(t, "127.0.0.1:0")
	sm := newClient(t, target).StateManager("e")
	if _, err := sm.Save(limited(t), small()); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	back := make(chan struct{})
	time.AfterFunc(2*time.Second, func() {
		defer close(back)
		f.serve(t, target)
	})
	for name, state := range map[string]*statekeeper.State{"small": small(), "large": large()} {
		if _, err := sm.Save(limited(t), state); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	<-back
}

func TestAServerThatDoesNotAnswerIsNotWaitedForForEver(t *testing.T) {
	silent := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	f := &fake{
		save:     func(ctx context.Context, _ int) error { return silent(ctx) },
		pipeline: func(stream pb.StateManager_PipelineServer, _ int) error { return silent(stream.Context()) },
	}
	target, _ := f.serve(t, "127.0.0.1:0")
	sm := newClient(t, target, statekeeper.WithTimeout(300*time.Millisecond)).StateManager("e")
	for name, state := range map[string]*statekeeper.State{"small": small(), "large": large()} {
		_, err := sm.Save(limited(t), state)
		if !errors.Is(err, statekeeper.ErrDeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		ctx, cancel := context.WithCancel(limited(t))
		time.AfterFunc(50*time.Millisecond, cancel)
		_, err = sm.Save(ctx, state)
		var cancelled *statekeeper.CancelledError
		if !errors.Is(err, context.Canceled) || !errors.As(err, &cancelled) || cancelled.ExecutionID != "e" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
