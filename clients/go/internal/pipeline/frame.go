package pipeline

import (
	"errors"
	"time"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// Fields of the messages in batch.proto and operation.proto. Operations and their results
// are put together and taken apart by hand: so each caller writes its own request and reads
// its own response, and what is wrong with one of them harms no other.
const (
	batchOperations  protowire.Number = 1
	operationError   protowire.Number = 14
	operationTimeout protowire.Number = 14
	operationTag     protowire.Number = 15
	durationSeconds  protowire.Number = 1
	durationNanos    protowire.Number = 2
)

// What an operation takes in a message beside its request, at most: keys and lengths, the
// timeout and the tag.
const entryBytes = 64

// message gives a BatchRequest of some operations.
func message(operations []*operation, now time.Time) mem.BufferSlice {
	size := 0
	for _, op := range operations {
		size += len(op.request) + entryBytes
	}
	buffer := messages.Get(size)
	text := (*buffer)[:0]
	var rest [entryBytes]byte
	for _, op := range operations {
		tail := appendTail(rest[:0], op.tag, op.deadline.Sub(now))
		length := protowire.SizeTag(op.number) + protowire.SizeBytes(len(op.request)) + len(tail)
		text = protowire.AppendTag(text, batchOperations, protowire.BytesType)
		text = protowire.AppendVarint(text, uint64(length))
		text = protowire.AppendTag(text, op.number, protowire.BytesType)
		text = protowire.AppendBytes(text, op.request)
		text = append(text, tail...)
	}
	*buffer = text
	return mem.BufferSlice{mem.NewBuffer(buffer, &messages)}
}

func appendTail(text []byte, tag uint64, timeout time.Duration) []byte {
	timeout = max(timeout, 0)
	var inner [entryBytes]byte
	duration := protowire.AppendTag(inner[:0], durationSeconds, protowire.VarintType)
	duration = protowire.AppendVarint(duration, uint64(timeout/time.Second))
	duration = protowire.AppendTag(duration, durationNanos, protowire.VarintType)
	duration = protowire.AppendVarint(duration, uint64(timeout%time.Second))
	text = protowire.AppendTag(text, operationTimeout, protowire.BytesType)
	text = protowire.AppendBytes(text, duration)
	text = protowire.AppendTag(text, operationTag, protowire.VarintType)
	return protowire.AppendVarint(text, tag)
}

// A result is one OperationResult, not yet read.
type result struct {
	tag uint64
	// Which response it is; operationError: a google.rpc.Status.
	number   protowire.Number
	response []byte
}

var errMalformed = errors.New("the server sent what is no BatchResponse")

// results gives what a BatchResponse has. They share its bytes.
func results(text []byte) ([]result, error) {
	var found []result
	for len(text) > 0 {
		number, kind, size := protowire.ConsumeTag(text)
		if size < 0 {
			return nil, errMalformed
		}
		text = text[size:]
		if number != batchOperations || kind != protowire.BytesType {
			if size = protowire.ConsumeFieldValue(number, kind, text); size < 0 {
				return nil, errMalformed
			}
			text = text[size:]
			continue
		}
		entry, size := protowire.ConsumeBytes(text)
		if size < 0 {
			return nil, errMalformed
		}
		text = text[size:]
		one, err := readResult(entry)
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, nil
}

func readResult(text []byte) (result, error) {
	var found result
	for len(text) > 0 {
		number, kind, size := protowire.ConsumeTag(text)
		if size < 0 {
			return result{}, errMalformed
		}
		text = text[size:]
		switch {
		case number == operationTag && kind == protowire.VarintType:
			found.tag, size = protowire.ConsumeVarint(text)
		case kind == protowire.BytesType:
			found.number = number
			found.response, size = protowire.ConsumeBytes(text)
		default:
			size = protowire.ConsumeFieldValue(number, kind, text)
		}
		if size < 0 {
			return result{}, errMalformed
		}
		text = text[size:]
	}
	return found, nil
}
