package wire

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const rounds = 500

// filled gives a message of that type with random fields: whatever the protos have, so that a
// field which the code written by hand does not know is found.
func filled[M proto.Message](random *rand.Rand, empty M) M {
	message := empty.ProtoReflect().New()
	fill(random, message)
	return message.Interface().(M)
}

func fill(random *rand.Rand, message protoreflect.Message) {
	declared := message.Descriptor().Fields()
	for i := range declared.Len() {
		field := declared.Get(i)
		switch {
		case random.IntN(3) == 0:
		case field.IsMap():
			entries := message.Mutable(field).Map()
			for range random.IntN(20) {
				key := scalar(random, field.MapKey()).MapKey()
				if field.MapValue().Message() == nil {
					entries.Set(key, scalar(random, field.MapValue()))
					continue
				}
				value := entries.NewValue()
				fill(random, value.Message())
				entries.Set(key, value)
			}
		case field.IsList():
			list := message.Mutable(field).List()
			for range random.IntN(4) {
				if field.Message() == nil {
					list.Append(scalar(random, field))
					continue
				}
				fill(random, list.AppendMutable().Message())
			}
		case field.Message() != nil:
			fill(random, message.Mutable(field).Message())
		default:
			message.Set(field, scalar(random, field))
		}
	}
}

func scalar(random *rand.Rand, field protoreflect.FieldDescriptor) protoreflect.Value {
	switch field.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(text(random))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(text(random) + "\xff"))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(random.IntN(2) == 0)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(random.IntN(4)))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(number(random)))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(number(random))
	default:
		panic(fmt.Sprintf("%s is of a kind that these messages do not have yet", field.FullName()))
	}
}

func text(random *rand.Rand) string {
	lengths := []int{0, 1, 5, 20, 120, 127, 128, 300}
	if random.IntN(50) == 0 {
		lengths = []int{16_300, 16_384, 20_000}
	}
	return strings.Repeat(string(rune('a'+random.IntN(26))), lengths[random.IntN(len(lengths))]) +
		[]string{"", "ü", "\U0001F600"}[random.IntN(3)]
}

func number(random *rand.Rand) int64 {
	return (random.Int64() >> random.IntN(63)) * int64(random.IntN(3)-1)
}

func TestRequestsAreWrittenAsTheyAreByProtobuf(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, empty := range []proto.Message{
		&pb.SaveRequest{}, &pb.LoadRequest{}, &pb.UpdateRequest{}, &pb.DeleteRequest{},
	} {
		for range rounds {
			request := filled(random, empty)
			want, err := proto.MarshalOptions{Deterministic: true}.Marshal(request)
			if err != nil {
				t.Fatal(err)
			}
			written, err := Append([]byte("before"), request)
			got, kept := bytes.CutPrefix(written, []byte("before"))
			if err != nil || !kept || !bytes.Equal(got, want) {
				t.Fatalf("%.300q is written as\n%.300q (%v)", want, got, err)
			}
		}
	}
}

func TestResponsesAreReadAsTheyAreByProtobuf(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, empty := range []proto.Message{
		&pb.SaveResponse{}, &pb.LoadResponse{}, &pb.UpdateResponse{}, &pb.DeleteResponse{},
	} {
		for range rounds {
			want := filled(random, empty)
			written, err := proto.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			got := proto.Clone(empty)
			if err := Read(written, got); err != nil || !proto.Equal(got, want) {
				t.Fatalf("%.300v is read as\n%.300v (%v)", want, got, err)
			}
			clear(written)
			if !proto.Equal(got, want) {
				t.Fatalf("%.300v shares the text that it was read from", want)
			}
		}
	}
}

func TestWhatIsNoMessageIsRefusedAsProtobufDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, empty := range []proto.Message{&pb.SaveResponse{}, &pb.LoadResponse{}, &pb.UpdateResponse{}} {
		for range rounds {
			written, err := proto.Marshal(filled(random, empty))
			if err != nil {
				t.Fatal(err)
			}
			if len(written) == 0 {
				continue
			}
			cut := written[:random.IntN(len(written))]
			want := proto.Unmarshal(cut, proto.Clone(empty))
			if got := Read(cut, proto.Clone(empty)); (got == nil) != (want == nil) {
				t.Fatalf("%.300q: %v, and protobuf says %v", cut, got, want)
			}
		}
	}
	if Read([]byte("\x0a\x05\x0a\x03\x0a\x01\xff"), &pb.SaveResponse{}) == nil {
		t.Error("a text is read that is not UTF-8")
	}
}

func TestFieldsThatAreNotKnownAreLeftOut(t *testing.T) {
	response := &pb.SaveResponse{}
	if err := Read([]byte("\x0a\x02\x10\x07\xf8\x07\x01\xfd\x07abcd\xfa\x07\x01a"), response); err != nil {
		t.Fatal(err)
	}
	if response.GetResult().GetRevision() != 7 {
		t.Error(response)
	}
}
