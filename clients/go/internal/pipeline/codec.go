package pipeline

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
)

// codec sends and receives messages that are bytes already.
type codec struct{}

// Codec has to be used for the stream that a pipeline is given.
func Codec() grpc.CallOption {
	return grpc.ForceCodecV2(codec{})
}

// Name tells that the bytes are those of protobuf.
func (codec) Name() string { return "proto" }

// Marshal takes a mem.BufferSlice.
func (codec) Marshal(message any) (mem.BufferSlice, error) {
	buffers, ok := message.(mem.BufferSlice)
	if !ok {
		return nil, fmt.Errorf("a pipeline sends bytes, not %T", message)
	}
	return buffers, nil
}

// Unmarshal gives a *[]byte.
func (codec) Unmarshal(data mem.BufferSlice, message any) error {
	text, ok := message.(*[]byte)
	if !ok {
		return fmt.Errorf("a pipeline receives bytes, not %T", message)
	}
	*text = data.Materialize()
	return nil
}
