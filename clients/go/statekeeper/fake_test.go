package statekeeper_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A fake is a server that fails as it is told to. What it has no function for it does well.
type fake struct {
	pb.UnimplementedStateManagerServer

	// Answers a unary save; it is told how many there were before.
	save func(ctx context.Context, number int) error
	// Answers a pipeline; it is told how many there were before.
	pipeline func(stream pb.StateManager_PipelineServer, number int) error
	// Answers a watch; it is told how many there were before.
	watch func(request *pb.WatchRequest, stream pb.StateManager_WatchServer, number int) error
	// Answers a renewal.
	renew func() error

	mu        sync.Mutex
	saves     []*pb.SaveRequest
	pipelines int
	watches   []*pb.WatchRequest
	unlocks   int
	// Who has asked for the lock, in order.
	owners []string
}

// serve starts a fake, and gives its address and what stops it.
func (f *fake) serve(t testing.TB, address string) (string, *grpc.Server) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	pb.RegisterStateManagerServer(server, f)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String(), server
}

func (f *fake) Save(ctx context.Context, request *pb.SaveRequest) (*pb.SaveResponse, error) {
	f.mu.Lock()
	number := len(f.saves)
	f.saves = append(f.saves, request)
	f.mu.Unlock()
	if f.save != nil {
		if err := f.save(ctx, number); err != nil {
			return nil, err
		}
	}
	return saved(request), nil
}

func saved(request *pb.SaveRequest) *pb.SaveResponse {
	return &pb.SaveResponse{Result: &pb.WriteResult{
		Key: request.GetKey(), Revision: 7, Version: 1, UpdateTime: timestamppb.Now(),
	}}
}

func (f *fake) Pipeline(stream pb.StateManager_PipelineServer) error {
	f.mu.Lock()
	number := f.pipelines
	f.pipelines++
	f.mu.Unlock()
	if f.pipeline != nil {
		return f.pipeline(stream, number)
	}
	return answerAll(stream)
}

// answerAll answers every save of a pipeline well.
func answerAll(stream pb.StateManager_PipelineServer) error {
	for {
		message, err := stream.Recv()
		if err != nil {
			return err
		}
		answer := &pb.BatchResponse{}
		for _, operation := range message.GetOperations() {
			answer.Results = append(answer.Results, done(operation))
		}
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
}

func done(operation *pb.Operation) *pb.OperationResult {
	return &pb.OperationResult{
		Tag:      operation.GetTag(),
		Response: &pb.OperationResult_Save{Save: saved(operation.GetSave())},
	}
}

func refusedWith(operation *pb.Operation, failure *status.Status) *pb.OperationResult {
	return &pb.OperationResult{
		Tag:      operation.GetTag(),
		Response: &pb.OperationResult_Error{Error: failure.Proto()},
	}
}

func (f *fake) Watch(request *pb.WatchRequest, stream pb.StateManager_WatchServer) error {
	f.mu.Lock()
	number := len(f.watches)
	f.watches = append(f.watches, request)
	f.mu.Unlock()
	return f.watch(request, stream, number)
}

func (f *fake) Lock(_ context.Context, request *pb.LockRequest) (*pb.LockResponse, error) {
	f.mu.Lock()
	f.owners = append(f.owners, request.GetOwner())
	f.mu.Unlock()
	return &pb.LockResponse{
		Result:          &pb.WriteResult{Key: request.GetKey()},
		Acquired:        true,
		FencingToken:    11,
		LeaseExpireTime: timestamppb.New(time.Now().Add(request.GetLease().AsDuration())),
	}, nil
}

func (f *fake) RenewLock(context.Context, *pb.RenewLockRequest) (*pb.RenewLockResponse, error) {
	return &pb.RenewLockResponse{FencingToken: 11, LeaseExpireTime: timestamppb.Now()}, f.renew()
}

func (f *fake) Unlock(context.Context, *pb.UnlockRequest) (*pb.UnlockResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unlocks++
	return &pb.UnlockResponse{Released: true}, nil
}

// refusal makes what the service answers where it refuses.
func refusal(code codes.Code, reason string, details ...protoadapt.MessageV1) *status.Status {
	info := &errdetails.ErrorInfo{Domain: "statekeeper", Reason: reason}
	made, err := status.New(code, "refused by a test").WithDetails(append(details, info)...)
	if err != nil {
		panic(err)
	}
	return made
}

func overloaded(delay time.Duration) *status.Status {
	return refusal(codes.ResourceExhausted, "OVERLOADED", &errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
}
