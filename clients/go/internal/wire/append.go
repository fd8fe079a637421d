package wire

import (
	"encoding/binary"

	"google.golang.org/protobuf/encoding/protowire"
)

// begin begins a field that holds a message, and gives where its content begins. What follows
// belongs to it until end.
func begin(text []byte, number protowire.Number) ([]byte, int) {
	text = protowire.AppendTag(text, number, protowire.BytesType)
	// The place of the length, which takes one byte in most messages.
	text = append(text, 0)
	return text, len(text)
}

// end writes the length of what was begun. To move the content of the large ones is cheaper
// than to find out all lengths beforehand.
func end(text []byte, start int) []byte {
	size := len(text) - start
	var room [binary.MaxVarintLen64]byte
	length := protowire.AppendVarint(room[:0], uint64(size))
	text = append(text, length[1:]...)
	copy(text[start+len(length)-1:], text[start:start+size])
	copy(text[start-1:], length)
	return text
}

// What follows leaves out what is zero, as proto3 does.

func appendString(text []byte, number protowire.Number, value string) []byte {
	if value == "" {
		return text
	}
	return appendPresent(text, number, value)
}

func appendInt(text []byte, number protowire.Number, value int64) []byte {
	if value == 0 {
		return text
	}
	text = protowire.AppendTag(text, number, protowire.VarintType)
	return protowire.AppendVarint(text, uint64(value))
}

// What follows has presence: nil is left out, and zero is not.

func appendPresent[T string | []byte](text []byte, number protowire.Number, value T) []byte {
	text = protowire.AppendTag(text, number, protowire.BytesType)
	text = protowire.AppendVarint(text, uint64(len(value)))
	return append(text, value...)
}

func appendOptionalString(text []byte, number protowire.Number, value *string) []byte {
	if value == nil {
		return text
	}
	return appendPresent(text, number, *value)
}

func appendOptionalInt(text []byte, number protowire.Number, value *int64) []byte {
	if value == nil {
		return text
	}
	text = protowire.AppendTag(text, number, protowire.VarintType)
	return protowire.AppendVarint(text, uint64(*value))
}

func appendStrings(text []byte, number protowire.Number, values []string) []byte {
	for _, value := range values {
		text = appendPresent(text, number, value)
	}
	return text
}

// An instant is a google.protobuf.Timestamp or Duration.
type instant interface {
	GetSeconds() int64
	GetNanos() int32
}

func appendInstant[T any, P interface {
	*T
	instant
}](text []byte, number protowire.Number, value P) []byte {
	if value == nil {
		return text
	}
	text, start := begin(text, number)
	text = appendInt(text, 1, value.GetSeconds())
	text = appendInt(text, 2, int64(value.GetNanos()))
	return end(text, start)
}
