package statekeeper

import (
	"slices"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/protobuf/proto"
)

// An update can remove 10,000 fields; a document that loses more entries than this is
// replaced.
const removedMax = 2_000

// documentsOf gives the places of a state's documents, by their names.
func documentsOf(state *State) []struct {
	name     string
	document *Document
} {
	return []struct {
		name     string
		document *Document
	}{
		{"input", &state.Input},
		{"context", &state.Context},
		{"member_outputs", &state.MemberOutputs},
		{"metadata", &state.Metadata},
	}
}

// commitRequest makes the update that brings a state from what it was to what it has become;
// nil: nothing was changed.
func commitRequest(before, after *pb.ExecutionState) *pb.UpdateRequest {
	diff := &pb.UpdateRequest{Changes: &pb.ExecutionState{}}
	set := diff.Changes
	if after.Status != before.Status {
		set.Status = after.Status
	}
	if !proto.Equal(after.StartTime, before.StartTime) {
		set.StartTime = after.StartTime
	}
	compareText(diff, "current_member", before.CurrentMember, after.CurrentMember, &set.CurrentMember)
	compareText(diff, "schema_version", before.SchemaVersion, after.SchemaVersion, &set.SchemaVersion)
	compareDocuments(diff, "input", before.Input, after.Input, &set.Input)
	compareDocuments(diff, "context", before.Context, after.Context, &set.Context)
	compareDocuments(diff, "member_outputs", before.MemberOutputs, after.MemberOutputs, &set.MemberOutputs)
	compareDocuments(diff, "metadata", before.Metadata, after.Metadata, &set.Metadata)
	compareLabels(diff, before.Labels, after.Labels)
	if proto.Size(set) == 0 && len(diff.Replace) == 0 && len(diff.Remove) == 0 {
		return nil
	}
	return diff
}

func compareText(diff *pb.UpdateRequest, name string, before, after *string, set **string) {
	switch {
	case after == nil && before != nil:
		diff.Remove = append(diff.Remove, name)
	case after != nil && (before == nil || *before != *after):
		*set = after
	}
}

func compareDocuments(diff *pb.UpdateRequest, name string, before, after *pb.Document, set **pb.Document) {
	if after == nil {
		if before != nil {
			diff.Remove = append(diff.Remove, name)
		}
		return
	}
	var gone []string
	for key := range before.GetEntries() {
		if _, ok := after.Entries[key]; !ok {
			gone = append(gone, name+"."+key)
		}
	}
	replaced := len(gone) > min(len(after.Entries), removedMax)
	if replaced || before == nil {
		*set = after
		if replaced {
			diff.Replace = append(diff.Replace, name)
		}
		return
	}
	slices.Sort(gone)
	diff.Remove = append(diff.Remove, gone...)
	changed := map[string]*pb.Value{}
	for key, value := range after.Entries {
		if old, ok := before.Entries[key]; !ok || !proto.Equal(old, value) {
			changed[key] = value
		}
	}
	if len(changed) > 0 {
		*set = &pb.Document{Entries: changed}
	}
}

func compareLabels(diff *pb.UpdateRequest, before, after map[string]string) {
	var gone []string
	for key := range before {
		if _, ok := after[key]; !ok {
			gone = append(gone, "labels."+key)
		}
	}
	slices.Sort(gone)
	diff.Remove = append(diff.Remove, gone...)
	for key, label := range after {
		if old, ok := before[key]; !ok || old != label {
			if diff.Changes.Labels == nil {
				diff.Changes.Labels = map[string]string{}
			}
			diff.Changes.Labels[key] = label
		}
	}
}
