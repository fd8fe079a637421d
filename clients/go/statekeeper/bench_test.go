package statekeeper_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

// BenchmarkSave measures concurrent callers that save 1 KB. Of what a call costs, the
// processor time of this process is told apart, the server's is not in it.
func BenchmarkSave(b *testing.B) {
	target := startServer(b)
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			client := newClient(b, target)
			ctx := limited(b)
			texts := [2]string{strings.Repeat("a", 1000), strings.Repeat("b", 1000)}
			if _, err := client.StateManager("warm").Load(ctx); err != nil {
				b.Fatal(err)
			}
			var left atomic.Int64
			left.Store(int64(b.N))
			var working sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			before := processorTime(b)
			for number := range callers {
				working.Add(1)
				go func() {
					defer working.Done()
					sm := client.StateManager(fmt.Sprintf("execution-%d", number))
					for i := 0; left.Add(-1) >= 0; i++ {
						state := &statekeeper.State{
							Status:  statekeeper.StatusRunning,
							Context: statekeeper.Document{"state": texts[i%2]},
						}
						if _, err := sm.Save(ctx, state); err != nil {
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
		})
	}
}

func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
