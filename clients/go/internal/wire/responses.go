package wire

import (
	"bytes"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// The numbers are those of the fields in the protos.

func readSave(text []byte, m *pb.SaveResponse) error {
	var w *written
	f := fields{rest: text}
	for f.next() {
		if f.number == 1 {
			into(&f, &w, readWritten)
			m.Result = &w.result
		}
	}
	return f.err
}

func readLoad(text []byte, m *pb.LoadResponse) error {
	f := fields{rest: text}
	for f.next() {
		if f.number == 1 {
			into(&f, &m.Execution, readExecution)
		}
	}
	return f.err
}

func readUpdate(text []byte, m *pb.UpdateResponse) error {
	var w *written
	f := fields{rest: text}
	for f.next() {
		switch f.number {
		case 1:
			into(&f, &w, readWritten)
			m.Result = &w.result
		case 2:
			into(&f, &m.Execution, readExecution)
		}
	}
	return f.err
}

// written is a WriteResult and what nearly every one has, in one allocation.
type written struct {
	result     pb.WriteResult
	key        pb.ExecutionKey
	updateTime timestamppb.Timestamp
	expireTime timestamppb.Timestamp
}

func readWritten(text []byte, w *written) error {
	m := &w.result
	f := fields{rest: text}
	for f.next() {
		switch f.number {
		case 1:
			m.Key = &w.key
			into(&f, &m.Key, readKey)
		case 2:
			m.Revision = f.int()
		case 3:
			m.Version = f.int()
		case 4:
			m.UpdateTime = &w.updateTime
			into(&f, &m.UpdateTime, readTimestamp)
		case 5:
			m.Replayed = f.int() != 0
		case 6:
			m.Warnings = append(m.Warnings, f.string())
		case 7:
			m.ExpireTime = &w.expireTime
			into(&f, &m.ExpireTime, readTimestamp)
		}
	}
	return f.err
}

func readKey(text []byte, m *pb.ExecutionKey) error {
	f := fields{rest: text}
	for f.next() {
		switch f.number {
		case 1:
			m.Namespace = f.string()
		case 2:
			m.ExecutionId = f.string()
		}
	}
	return f.err
}

func readExecution(text []byte, m *pb.Execution) error {
	f := fields{rest: text}
	for f.next() {
		switch f.number {
		case 1:
			into(&f, &m.Key, readKey)
		case 2:
			m.Revision = f.int()
		case 3:
			m.Version = f.int()
		case 4:
			into(&f, &m.CreateTime, readTimestamp)
		case 5:
			into(&f, &m.UpdateTime, readTimestamp)
		case 6:
			into(&f, &m.ExpireTime, readTimestamp)
		case 7:
			into(&f, &m.State, readState)
		case 8:
			var pause *pb.Pause
			into(&f, &pause, func(text []byte, pause *pb.Pause) error { return proto.Unmarshal(text, pause) })
			m.Pauses = append(m.Pauses, pause)
		case 9:
			into(&f, &m.SharedState, readDocument)
		}
	}
	return f.err
}

func readState(text []byte, m *pb.ExecutionState) error {
	f := fields{rest: text}
	for f.next() {
		switch f.number {
		case 1:
			m.Id = f.string()
		case 2:
			m.Status = pb.Status(f.int())
		case 3:
			into(&f, &m.Input, readDocument)
		case 4:
			into(&f, &m.Context, readDocument)
		case 5:
			into(&f, &m.MemberOutputs, readDocument)
		case 6:
			m.CurrentMember = f.optionalString()
		case 7:
			into(&f, &m.StartTime, readTimestamp)
		case 8:
			into(&f, &m.Metadata, readDocument)
		case 9:
			if m.Labels == nil {
				m.Labels = map[string]string{}
			}
			if err := readLabel(f.bytes(), m.Labels); err != nil {
				return err
			}
		case 10:
			m.SchemaVersion = f.optionalString()
		}
	}
	return f.err
}

func readLabel(text []byte, labels map[string]string) error {
	var key, label string
	f := fields{rest: text}
	for f.next() {
		switch f.number {
		case 1:
			key = f.string()
		case 2:
			label = f.string()
		}
	}
	labels[key] = label
	return f.err
}

func readDocument(text []byte, m *pb.Document) error {
	f := fields{rest: text}
	for f.next() {
		if f.number != 1 {
			continue
		}
		if m.Entries == nil {
			m.Entries = map[string]*pb.Value{}
		}
		if err := readEntry(f.bytes(), m.Entries); err != nil {
			return err
		}
	}
	return f.err
}

func readEntry(text []byte, entries map[string]*pb.Value) error {
	var key string
	value := &pb.Value{}
	f := fields{rest: text}
	for f.next() {
		switch f.number {
		case 1:
			key = f.string()
		case 2:
			into(&f, &value, readValue)
		}
	}
	entries[key] = value
	return f.err
}

func readValue(text []byte, m *pb.Value) error {
	f := fields{rest: text}
	for f.next() {
		switch f.number {
		case 1:
			m.Kind = &pb.Value_Json{Json: f.string()}
		case 2:
			m.Kind = &pb.Value_Binary{Binary: bytes.Clone(f.bytes())}
		case 3:
			m.ContentType = f.string()
		}
	}
	return f.err
}
