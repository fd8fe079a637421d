package statekeeper_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var began = &pb.WatchResponse{Heartbeat: true, ResumeToken: "t0"}

func event(id string, revision int64) *pb.Event {
	return &pb.Event{
		Kind: pb.EventKind_EVENT_KIND_SAVED, Revision: revision, ExecutionRevision: revision,
		Key: &pb.ExecutionKey{Namespace: "n", ExecutionId: id}, Status: pb.Status_STATUS_RUNNING,
	}
}

// sending sends messages and then ends or, where the error is nil, stays silent.
func sending(stream pb.StateManager_WatchServer, end error, messages ...*pb.WatchResponse) error {
	for _, each := range messages {
		if err := stream.Send(each); err != nil {
			return err
		}
	}
	if end == nil {
		<-stream.Context().Done()
	}
	return end
}

// next gives the next events of a watch, as texts.
func next(t *testing.T, watch *statekeeper.Watch, count int) []string {
	t.Helper()
	told := []string{}
	for range count {
		event, err := watch.Next(limited(t))
		if err != nil {
			t.Fatal(told, err)
		}
		told = append(told, fmt.Sprintf("%s %s %d", event.Kind, event.ExecutionID, event.Revision))
	}
	return told
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v came, %v is expected", got, want)
	}
}

func TestAWatchGoesOnWhereItWas(t *testing.T) {
	for name, end := range map[string]error{
		"unavailable": status.Error(codes.Unavailable, "gone"),
		"overloaded":  overloaded(20 * time.Millisecond).Err(),
		"internal":    status.Error(codes.Internal, "a fault"),
		"silent":      nil,
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{watch: func(_ *pb.WatchRequest, stream pb.StateManager_WatchServer, number int) error {
				if number == 0 {
					return sending(stream, end, began, &pb.WatchResponse{
						Events: []*pb.Event{event("a", 1)}, ResumeToken: "t1",
					})
				}
				return sending(stream, nil, began, &pb.WatchResponse{
					Events: []*pb.Event{event("a", 2)}, ResumeToken: "t2",
				})
			}}
			target, _ := f.serve(t, "127.0.0.1:0")
			watch, err := newClient(t, target).Watch(limited(t), statekeeper.WithHeartbeat(100*time.Millisecond))
			if err != nil {
				t.Fatal(err)
			}
			defer watch.Close()
			expect(t, next(t, watch, 2), "saved a 1", "saved a 2")
			if token := f.watches[1].GetResumeToken(); token != "t1" {
				t.Errorf("it went on from %q", token)
			}
		})
	}
}

func TestAnEventWithinAMessageIsAPlaceToGoOnFrom(t *testing.T) {
	message := &pb.WatchResponse{
		Events: []*pb.Event{event("a", 1), event("b", 2), event("a", 3)}, ResumeToken: "t1",
	}
	f := &fake{watch: func(_ *pb.WatchRequest, stream pb.StateManager_WatchServer, _ int) error {
		return sending(stream, nil, began, message)
	}}
	target, _ := f.serve(t, "127.0.0.1:0")
	client := newClient(t, target)
	watch, err := client.Watch(limited(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := watch.Next(limited(t)); err != nil {
		t.Fatal(err)
	}
	second, err := watch.Next(limited(t))
	if err != nil {
		t.Fatal(err)
	}
	token := second.ResumeToken()
	if watch.ResumeToken() != token {
		t.Errorf("the watch stands at %s, its event at %s", watch.ResumeToken(), token)
	}
	watch.Close()
	watch, err = client.Watch(limited(t), statekeeper.WithResumeToken(token))
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	expect(t, next(t, watch, 1), "saved a 3")
	if asked := f.watches[1].GetResumeToken(); asked != "t0" {
		t.Errorf("it went on from %q", asked)
	}
}

func TestWhoStopsWaitingMissesNothing(t *testing.T) {
	released := make(chan struct{})
	f := &fake{watch: func(_ *pb.WatchRequest, stream pb.StateManager_WatchServer, _ int) error {
		if err := stream.Send(began); err != nil {
			return err
		}
		<-released
		return sending(stream, nil, &pb.WatchResponse{Events: []*pb.Event{event("a", 1)}, ResumeToken: "t1"})
	}}
	target, _ := f.serve(t, "127.0.0.1:0")
	watch, err := newClient(t, target).Watch(limited(t))
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	short, cancel := context.WithTimeout(limited(t), 50*time.Millisecond)
	defer cancel()
	if _, err := watch.Next(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	close(released)
	expect(t, next(t, watch, 1), "saved a 1")
	if len(f.watches) != 1 {
		t.Errorf("it took %d streams", len(f.watches))
	}
}

func TestWhatIsNoLongerKeptIsTold(t *testing.T) {
	compacted := refusal(codes.OutOfRange, "REVISION_COMPACTED").Err()
	f := &fake{watch: func(request *pb.WatchRequest, stream pb.StateManager_WatchServer, number int) error {
		if number%2 == 0 {
			return sending(stream, compacted, began)
		}
		snapshot := event("a", 5)
		snapshot.Kind = pb.EventKind_EVENT_KIND_SNAPSHOT
		return sending(stream, nil, began, &pb.WatchResponse{
			Events: []*pb.Event{snapshot}, ResumeToken: "t5", SnapshotComplete: true,
		})
	}}
	target, _ := f.serve(t, "127.0.0.1:0")
	client := newClient(t, target)
	watch, err := client.Watch(limited(t), statekeeper.WithRestart())
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	expect(t, next(t, watch, 3), "gap  0", "snapshot a 5", "snapshot_complete  0")
	if !f.watches[1].GetSnapshot() {
		t.Error("no snapshot was asked for")
	}
	other, err := client.Watch(limited(t))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Next(limited(t)); !errors.Is(err, statekeeper.ErrRevisionCompacted) {
		t.Error(err)
	}
}

func TestAWatchEndsWhereItIsClosed(t *testing.T) {
	f := &fake{watch: func(_ *pb.WatchRequest, stream pb.StateManager_WatchServer, _ int) error {
		return sending(stream, nil, began)
	}}
	target, _ := f.serve(t, "127.0.0.1:0")
	client := newClient(t, target)
	watch, err := client.Watch(limited(t))
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, watch.Close)
	for event, err := range watch.Events() {
		t.Error(event, err)
	}
	if _, err := watch.Next(limited(t)); !errors.Is(err, statekeeper.ErrWatchClosed) {
		t.Error(err)
	}
	watch, err = client.Watch(limited(t))
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, func() { _ = client.Close() })
	if _, err := watch.Next(limited(t)); !errors.Is(err, statekeeper.ErrCancelled) {
		t.Error(err)
	}
}

func TestAWatchGivesUpWhenItIsTold(t *testing.T) {
	f := &fake{watch: func(_ *pb.WatchRequest, stream pb.StateManager_WatchServer, number int) error {
		if number == 0 {
			return sending(stream, status.Error(codes.Unavailable, "gone"), began)
		}
		return status.Error(codes.Unavailable, "still gone")
	}}
	target, _ := f.serve(t, "127.0.0.1:0")
	watch, err := newClient(t, target).Watch(limited(t), statekeeper.WithGiveUpAfter(200*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	if _, err := watch.Next(limited(t)); !errors.Is(err, statekeeper.ErrUnavailable) {
		t.Error(err)
	}
}
