package pipeline

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// A server answers what it is sent, unless it is mute.
type server struct {
	mute    bool
	answers chan []byte

	mu sync.Mutex
	// How many operations each message had.
	sizes []int
}

func (s *server) SendMsg(message any) error {
	var request pb.BatchRequest
	if err := proto.Unmarshal(message.(mem.BufferSlice).Materialize(), &request); err != nil {
		return err
	}
	s.mu.Lock()
	s.sizes = append(s.sizes, len(request.GetOperations()))
	s.mu.Unlock()
	if s.mute {
		return nil
	}
	response := &pb.BatchResponse{}
	for _, each := range request.GetOperations() {
		response.Results = append(response.Results, &pb.OperationResult{
			Tag: each.GetTag(), Response: &pb.OperationResult_Save{Save: &pb.SaveResponse{}},
		})
	}
	text, err := proto.Marshal(response)
	s.answers <- text
	return err
}

func (s *server) RecvMsg(message any) error {
	text, ok := <-s.answers
	if !ok {
		return io.EOF
	}
	*message.(*[]byte) = text
	return nil
}

func (s *server) pipeline(t *testing.T) *Pipeline {
	s.answers = make(chan []byte, 1_000)
	p := New(Server{
		Open: func(ctx context.Context, _ bool) (Stream, error) {
			context.AfterFunc(ctx, func() { close(s.answers) })
			return s, nil
		},
		Known: func() bool { return true },
		Heard: func() {},
	})
	t.Cleanup(p.Close)
	return p
}

const save = 1

func TestThoseWhoAreAnsweredTogetherGoTogether(t *testing.T) {
	const callers, calls = 40, 100
	s := &server{}
	p := s.pipeline(t)
	var working sync.WaitGroup
	for range callers {
		working.Add(1)
		go func() {
			defer working.Done()
			for range calls {
				if _, failure := p.Do(t.Context(), save, nil, time.Now().Add(time.Minute)); failure != nil {
					t.Error(failure)
				}
			}
		}()
	}
	working.Wait()
	if messages := len(s.sizes); messages > callers*calls/4 {
		t.Errorf("%d calls went in %d messages", callers*calls, messages)
	}
}

func TestEachCallEndsAtItsOwnDeadline(t *testing.T) {
	s := &server{mute: true}
	p := s.pipeline(t)
	began := time.Now()
	var working sync.WaitGroup
	for _, timeout := range []time.Duration{150, 50, 250, 0, 100} {
		working.Add(1)
		go func() {
			defer working.Done()
			deadline := began.Add(timeout * time.Millisecond)
			_, failure := p.Do(t.Context(), save, nil, deadline)
			if failure.Code() != codes.DeadlineExceeded {
				t.Error(failure)
			}
			if late := time.Since(deadline); late < 0 || late > 5*time.Second {
				t.Errorf("it ends %v after its deadline", late)
			}
		}()
	}
	working.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.sent) != 0 || len(p.unsent) != 0 {
		t.Error("what is late is kept")
	}
}

func TestClosingEndsWhatIsSentAndWhatIsNot(t *testing.T) {
	s := &server{mute: true}
	p := s.pipeline(t)
	time.AfterFunc(50*time.Millisecond, p.Close)
	for range 2 {
		if _, failure := p.Do(t.Context(), save, nil, time.Now().Add(time.Minute)); failure.Code() != codes.Canceled {
			t.Error(failure)
		}
	}
}
