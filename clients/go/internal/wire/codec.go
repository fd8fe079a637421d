package wire

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
)

// codec sends and receives messages that are bytes already.
type codec struct{}

// Codec is for calls and streams whose messages are marshalled and unmarshalled by the caller:
// what they send is a mem.BufferSlice, and what they receive a *[]byte.
func Codec() grpc.CallOption {
	return grpc.ForceCodecV2(codec{})
}

// Name tells that the bytes are those of protobuf.
func (codec) Name() string { return "proto" }

// Marshal gives what it is given.
func (codec) Marshal(message any) (mem.BufferSlice, error) {
	buffers, ok := message.(mem.BufferSlice)
	if !ok {
		return nil, fmt.Errorf("what is sent has to be bytes, not %T", message)
	}
	return buffers, nil
}

// Unmarshal gives the bytes.
func (codec) Unmarshal(data mem.BufferSlice, message any) error {
	text, ok := message.(*[]byte)
	if !ok {
		return fmt.Errorf("what is received is bytes, not %T", message)
	}
	*text = data.Materialize()
	return nil
}
