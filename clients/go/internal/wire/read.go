package wire

import (
	"errors"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/timestamppb"
)

var errMalformed = errors.New("the server sent what is no message of the kind that it should be")

// fields goes through the fields of a message.
type fields struct {
	rest []byte
	err  error

	number  protowire.Number
	kind    protowire.Type
	varint  uint64
	content []byte
}

// next goes on to the next field; false: there is none, or an error.
func (f *fields) next() bool {
	if len(f.rest) == 0 || f.err != nil {
		return false
	}
	var size int
	f.number, f.kind, size = protowire.ConsumeTag(f.rest)
	if size < 0 {
		return f.fail()
	}
	f.rest = f.rest[size:]
	switch f.kind {
	case protowire.VarintType:
		f.varint, size = protowire.ConsumeVarint(f.rest)
	case protowire.BytesType:
		f.content, size = protowire.ConsumeBytes(f.rest)
	default:
		size = protowire.ConsumeFieldValue(f.number, f.kind, f.rest)
	}
	if size < 0 {
		return f.fail()
	}
	f.rest = f.rest[size:]
	return true
}

func (f *fields) fail() bool {
	f.err = errMalformed
	return false
}

// int gives a field that is a number.
func (f *fields) int() int64 {
	if f.kind != protowire.VarintType {
		f.fail()
		return 0
	}
	return int64(f.varint)
}

// bytes gives a field that is bytes or a message; it shares them.
func (f *fields) bytes() []byte {
	if f.kind != protowire.BytesType {
		f.fail()
		return nil
	}
	return f.content
}

func (f *fields) string() string {
	content := f.bytes()
	if !utf8.Valid(content) {
		f.fail()
		return ""
	}
	return string(content)
}

func (f *fields) optionalString() *string {
	value := f.string()
	return &value
}

// into reads a field that is a message into its place, which it makes if need be: a message
// that comes in parts is one.
func into[T any](f *fields, place **T, read func([]byte, *T) error) {
	if *place == nil {
		*place = new(T)
	}
	if err := read(f.bytes(), *place); err != nil && f.err == nil {
		f.err = err
	}
}

func readTimestamp(text []byte, m *timestamppb.Timestamp) error {
	f := fields{rest: text}
	for f.next() {
		switch f.number {
		case 1:
			m.Seconds = f.int()
		case 2:
			m.Nanos = int32(f.int())
		}
	}
	return f.err
}
