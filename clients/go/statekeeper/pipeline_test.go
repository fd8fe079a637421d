package statekeeper_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// saveMany saves executions at the same time, and gives the errors.
func saveMany(ctx context.Context, client *statekeeper.Client, count int) []error {
	failures := make([]error, count)
	var working sync.WaitGroup
	for i := range count {
		working.Add(1)
		go func() {
			defer working.Done()
			_, failures[i] = client.StateManager(fmt.Sprintf("e%d", i)).Save(ctx, small())
		}()
	}
	working.Wait()
	return failures
}

func TestABrokenStreamIsFollowedByAnother(t *testing.T) {
	for name, end := range map[string]error{
		"unavailable": status.Error(codes.Unavailable, "gone"),
		"cancelled":   status.Error(codes.Canceled, "stopping"),
		"success":     nil,
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			sent := map[string][]string{}
			note := func(message *pb.BatchRequest) {
				mu.Lock()
				defer mu.Unlock()
				for _, each := range message.GetOperations() {
					id := each.GetSave().GetKey().GetExecutionId()
					sent[id] = append(sent[id], each.GetSave().GetOptions().GetRequestId())
				}
			}
			f := &fake{pipeline: func(stream pb.StateManager_PipelineServer, number int) error {
				for {
					message, err := stream.Recv()
					if err != nil {
						return err
					}
					note(message)
					if number < 3 {
						// The first is answered, what else is in the message is not.
						answer := &pb.BatchResponse{Results: []*pb.OperationResult{done(message.GetOperations()[0])}}
						if err := stream.Send(answer); err != nil {
							return err
						}
						return end
					}
					answer := &pb.BatchResponse{}
					for _, operation := range message.GetOperations() {
						answer.Results = append(answer.Results, done(operation))
					}
					if err := stream.Send(answer); err != nil {
						return err
					}
				}
			}}
			target, _ := f.serve(t, "127.0.0.1:0")
			for i, err := range saveMany(limited(t), newClient(t, target), 50) {
				if err != nil {
					t.Errorf("e%d: %v", i, err)
				}
			}
			for id, requests := range sent {
				for _, each := range requests {
					if each != requests[0] {
						t.Errorf("%s was sent with %v", id, requests)
					}
				}
			}
		})
	}
}

func TestWhatWaitsGoesIntoTheNextMessage(t *testing.T) {
	release := make(chan struct{})
	var mu sync.Mutex
	sizes := []int{}
	f := &fake{pipeline: func(stream pb.StateManager_PipelineServer, _ int) error {
		for {
			message, err := stream.Recv()
			if err != nil {
				return err
			}
			mu.Lock()
			sizes = append(sizes, len(message.GetOperations()))
			mu.Unlock()
			<-release
			answer := &pb.BatchResponse{}
			for _, operation := range message.GetOperations() {
				answer.Results = append(answer.Results, done(operation))
			}
			if err := stream.Send(answer); err != nil {
				return err
			}
		}
	}}
	target, _ := f.serve(t, "127.0.0.1:0")
	client := newClient(t, target)
	time.AfterFunc(300*time.Millisecond, func() { close(release) })
	for i, err := range saveMany(limited(t), client, 2_000) {
		if err != nil {
			t.Errorf("e%d: %v", i, err)
		}
	}
	total, largest := 0, 0
	for _, size := range sizes {
		total, largest = total+size, max(largest, size)
	}
	if total != 2_000 || largest > 500 || len(sizes) > 1_000 {
		t.Errorf("%d operations in %d messages, of %d at most", total, len(sizes), largest)
	}
}

func TestACallThatIsCancelledHarmsNoOther(t *testing.T) {
	release := make(chan struct{})
	f := &fake{pipeline: func(stream pb.StateManager_PipelineServer, _ int) error {
		<-release
		return answerAll(stream)
	}}
	target, _ := f.serve(t, "127.0.0.1:0")
	client := newClient(t, target)
	ctx, cancel := context.WithCancel(limited(t))
	cancelled, others := make(chan []error), make(chan []error)
	go func() { cancelled <- saveMany(ctx, client, 20) }()
	go func() { others <- saveMany(limited(t), client, 20) }()
	time.Sleep(50 * time.Millisecond)
	cancel()
	for _, err := range <-cancelled {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	close(release)
	for _, err := range <-others {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestOneBadAnswerHarmsNoOther(t *testing.T) {
	f := &fake{pipeline: func(stream pb.StateManager_PipelineServer, _ int) error {
		for {
			message, err := stream.Recv()
			if err != nil {
				return err
			}
			answer := &pb.BatchResponse{}
			for _, operation := range message.GetOperations() {
				result := done(operation)
				if operation.GetSave().GetKey().GetExecutionId() == "e3" {
					result.Response = &pb.OperationResult_Load{Load: &pb.LoadResponse{}}
				}
				answer.Results = append(answer.Results, result)
			}
			if err := stream.Send(answer); err != nil {
				return err
			}
		}
	}}
	target, _ := f.serve(t, "127.0.0.1:0")
	for i, err := range saveMany(limited(t), newClient(t, target), 20) {
		if bad := i == 3; bad != errors.Is(err, statekeeper.ErrInternal) {
			t.Errorf("e%d: %v", i, err)
		}
	}
}

func TestAStreamThatIsRefusedFailsItsCalls(t *testing.T) {
	f := &fake{pipeline: func(pb.StateManager_PipelineServer, int) error {
		return status.Error(codes.Unauthenticated, "who are you?")
	}}
	target, _ := f.serve(t, "127.0.0.1:0")
	for _, err := range saveMany(limited(t), newClient(t, target), 5) {
		if !errors.Is(err, statekeeper.ErrUnauthenticated) {
			t.Error(err)
		}
	}
}

func TestClosingAClientEndsItsCalls(t *testing.T) {
	f := &fake{pipeline: func(stream pb.StateManager_PipelineServer, _ int) error {
		<-stream.Context().Done()
		return nil
	}}
	target, _ := f.serve(t, "127.0.0.1:0")
	client := newClient(t, target)
	time.AfterFunc(100*time.Millisecond, func() { _ = client.Close() })
	for _, err := range saveMany(limited(t), client, 5) {
		if !errors.Is(err, statekeeper.ErrCancelled) {
			t.Error(err)
		}
	}
	if _, err := client.StateManager("e").Load(limited(t)); !errors.Is(err, statekeeper.ErrCancelled) {
		t.Errorf("after it was closed: %v", err)
	}
}
