package pipeline

import (
	"testing"
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

func marshalled(t *testing.T, message proto.Message) []byte {
	t.Helper()
	text, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestMessagesAreThoseOfTheProtos(t *testing.T) {
	save := &pb.SaveRequest{Key: &pb.ExecutionKey{ExecutionId: "e"}}
	read := &pb.ReadStateRequest{Member: "m"}
	now := time.Now()
	written := message([]*operation{
		{tag: 1, number: 1, request: marshalled(t, save), deadline: now.Add(1500 * time.Millisecond)},
		{tag: 1 << 63, number: 16, request: marshalled(t, read), deadline: now.Add(-time.Second)},
	}, now)
	var got pb.BatchRequest
	if err := proto.Unmarshal(written.Materialize(), &got); err != nil {
		t.Fatal(err)
	}
	first, second := got.GetOperations()[0], got.GetOperations()[1]
	if first.GetTag() != 1 || !proto.Equal(first.GetSave(), save) || first.GetTimeout().AsDuration() != 1500*time.Millisecond {
		t.Errorf("the first is %v", first)
	}
	if second.GetTag() != 1<<63 || !proto.Equal(second.GetReadState(), read) || second.GetTimeout().AsDuration() != 0 {
		t.Errorf("the second is %v", second)
	}
}

func TestResultsAreThoseOfTheProtos(t *testing.T) {
	load := &pb.LoadResponse{}
	failed := &spb.Status{Code: 10, Message: "no"}
	found, err := results(marshalled(t, &pb.BatchResponse{Results: []*pb.OperationResult{
		{Tag: 5, Response: &pb.OperationResult_Load{Load: load}},
		{Tag: 6, Response: &pb.OperationResult_Error{Error: failed}},
	}}))
	if err != nil || len(found) != 2 {
		t.Fatal(found, err)
	}
	if response, failure := outcome(found[0], 2); found[0].tag != 5 || failure != nil || len(response) != 0 {
		t.Errorf("the first is %v %v", response, failure)
	}
	if _, failure := outcome(found[1], 2); found[1].tag != 6 || failure.Message() != "no" {
		t.Errorf("the second is %v", failure)
	}
	if _, failure := outcome(found[0], 1); failure == nil {
		t.Error("the answer to another operation is taken")
	}
}

func TestWhatIsNoMessageIsRefused(t *testing.T) {
	for _, text := range []string{"\x0a", "\x0a\x05\x01", "\xff", "\x0a\x02\x78\xff"} {
		if found, err := results([]byte(text)); err == nil {
			t.Errorf("%q is read as %v", text, found)
		}
	}
}
