package statekeeper_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// BenchmarkSave measures concurrent callers that save 1 KB, with the client and, to compare
// it with, with gRPC's stub alone. Of what a call costs, the processor time of this process
// is told apart; the server's is not in it.
func BenchmarkSave(b *testing.B) {
	target := startServer(b)
	texts := [2]string{strings.Repeat("a", 1000), strings.Repeat("b", 1000)}
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("client/callers=%d", callers), func(b *testing.B) {
			client := newClient(b, target)
			saveFrom(b, callers, func(ctx context.Context, caller, number int) error {
				_, err := client.StateManager(fmt.Sprintf("execution-%d", caller)).Save(ctx, &statekeeper.State{
					Status:  statekeeper.StatusRunning,
					Context: statekeeper.Document{"state": texts[number%2]},
				})
				return err
			})
		})
		b.Run(fmt.Sprintf("stub/callers=%d", callers), func(b *testing.B) {
			conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			stub := pb.NewStateManagerClient(conn)
			saveFrom(b, callers, func(ctx context.Context, caller, number int) error {
				_, err := stub.Save(ctx, saveRequest(fmt.Sprintf("execution-%d", caller), texts[number%2]))
				return err
			})
		})
	}
}

func saveRequest(id, text string) *pb.SaveRequest {
	value := &pb.Value{Kind: &pb.Value_Json{Json: strconv.Quote(text)}}
	return &pb.SaveRequest{
		Key: &pb.ExecutionKey{ExecutionId: id},
		State: &pb.ExecutionState{
			Status:  pb.Status_STATUS_RUNNING,
			Context: &pb.Document{Entries: map[string]*pb.Value{"state": value}},
		},
	}
}

// saveFrom saves from so many callers until there were as many saves as are to be measured.
func saveFrom(b *testing.B, callers int, save func(ctx context.Context, caller, number int) error) {
	ctx := limited(b)
	if err := save(ctx, 0, 0); err != nil {
		b.Fatal(err)
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	var working sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	before := processorTime(b)
	for caller := range callers {
		working.Add(1)
		go func() {
			defer working.Done()
			for number := 0; left.Add(-1) >= 0; number++ {
				if err := save(ctx, caller, number); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	working.Wait()
	b.StopTimer()
	used := processorTime(b) - before
	b.ReportMetric(float64(used.Nanoseconds())/1e3/float64(b.N), "client-us/op")
}

func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
