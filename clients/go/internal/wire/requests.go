package wire

import (
	"slices"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/protobuf/encoding/protowire"
)

// The numbers are those of the fields in the protos.

func appendSave(text []byte, m *pb.SaveRequest) []byte {
	text = appendKey(text, 1, m.Key)
	text = appendOptions(text, 2, m.Options)
	return appendState(text, 3, m.State)
}

func appendLoad(text []byte, m *pb.LoadRequest) []byte {
	text = appendKey(text, 1, m.Key)
	text = appendOptionalInt(text, 2, m.Revision)
	text = appendString(text, 3, m.Checkpoint)
	return appendStrings(text, 4, m.Fields)
}

func appendUpdate(text []byte, m *pb.UpdateRequest) []byte {
	text = appendKey(text, 1, m.Key)
	text = appendOptions(text, 2, m.Options)
	text = appendState(text, 3, m.Changes)
	text = appendStrings(text, 4, m.Replace)
	text = appendStrings(text, 5, m.Remove)
	if m.ReturnExecution {
		text = appendInt(text, 6, 1)
	}
	return text
}

func appendKey(text []byte, number protowire.Number, m *pb.ExecutionKey) []byte {
	if m == nil {
		return text
	}
	text, start := begin(text, number)
	text = appendString(text, 1, m.Namespace)
	text = appendString(text, 2, m.ExecutionId)
	return end(text, start)
}

func appendOptions(text []byte, number protowire.Number, m *pb.WriteOptions) []byte {
	if m == nil {
		return text
	}
	text, start := begin(text, number)
	text = appendOptionalInt(text, 1, m.ExpectedRevision)
	text = appendInstant(text, 2, m.Ttl)
	text = appendString(text, 3, m.RequestId)
	text = appendInt(text, 4, m.FencingToken)
	text = appendString(text, 5, m.Actor)
	return end(text, start)
}

func appendState(text []byte, number protowire.Number, m *pb.ExecutionState) []byte {
	if m == nil {
		return text
	}
	text, start := begin(text, number)
	text = appendString(text, 1, m.Id)
	text = appendInt(text, 2, int64(m.Status))
	text = appendDocument(text, 3, m.Input)
	text = appendDocument(text, 4, m.Context)
	text = appendDocument(text, 5, m.MemberOutputs)
	text = appendOptionalString(text, 6, m.CurrentMember)
	text = appendInstant(text, 7, m.StartTime)
	text = appendDocument(text, 8, m.Metadata)
	text = appendLabels(text, 9, m.Labels)
	text = appendOptionalString(text, 10, m.SchemaVersion)
	return end(text, start)
}

func appendLabels(text []byte, number protowire.Number, labels map[string]string) []byte {
	var room [keysFew]string
	for _, key := range sortedKeys(room[:0], labels) {
		var start int
		text, start = begin(text, number)
		text = appendPresent(text, 1, key)
		text = appendPresent(text, 2, labels[key])
		text = end(text, start)
	}
	return text
}

func appendDocument(text []byte, number protowire.Number, m *pb.Document) []byte {
	if m == nil {
		return text
	}
	text, start := begin(text, number)
	var room [keysFew]string
	for _, key := range sortedKeys(room[:0], m.Entries) {
		var entry int
		text, entry = begin(text, 1)
		text = appendPresent(text, 1, key)
		text = appendValue(text, 2, m.Entries[key])
		text = end(text, entry)
	}
	return end(text, start)
}

func appendValue(text []byte, number protowire.Number, m *pb.Value) []byte {
	text, start := begin(text, number)
	// What is one of several fields comes last, as it does where package proto writes it.
	text = appendString(text, 3, m.GetContentType())
	switch kind := m.GetKind().(type) {
	case *pb.Value_Json:
		text = appendPresent(text, 1, kind.Json)
	case *pb.Value_Binary:
		text = appendPresent(text, 2, kind.Binary)
	}
	return end(text, start)
}

// So many keys are sorted without an allocation.
const keysFew = 16

// sortedKeys appends the keys of a map, so that equal maps are written alike.
func sortedKeys[V any](keys []string, from map[string]V) []string {
	for key := range from {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
