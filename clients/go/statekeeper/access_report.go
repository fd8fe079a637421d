package statekeeper

import (
	"context"
	"slices"
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
)

// AccessReport tells which keys nobody has accessed, and who has accessed the others.
//
// It fails with a [StateNotFoundError] where the execution does not exist, and with an
// [InvalidRequestError] where it has no shared state.
func (sm *StateManager) AccessReport(ctx context.Context) (*AccessReport, error) {
	request := &pb.GetAccessReportRequest{Key: sm.at.key()}
	response := &pb.GetAccessReportResponse{}
	return send(ctx, sm.channel, plainCall(sm.at, rpcGetAccessReport, request, response, func() (*AccessReport, error) {
		return readReport(response), nil
	}), sm.refused)
}

// An AccessOperation is what was done with a key.
type AccessOperation string

const (
	// AccessRead: it was read.
	AccessRead AccessOperation = "read"
	// AccessWrite: it was written.
	AccessWrite AccessOperation = "write"
)

// An Access is one access to one key.
type Access struct {
	// Key is which.
	Key string
	// Member is who.
	Member string
	// Operation is what was done.
	Operation AccessOperation
	// Timestamp is when.
	Timestamp time.Time
	// Revision is the one that was read, or that the write has made.
	Revision int64
}

// AccessCounts tell how often a member has accessed a key.
type AccessCounts struct {
	// Reads is how often it has read it.
	Reads int64
	// Writes is how often it has written it.
	Writes int64
}

// An AccessReport is how the keys of a shared state are used.
type AccessReport struct {
	// UnusedKeys are declared and never accessed, in the order of their names.
	UnusedKeys []string
	// ByKey has by key the last 32 accesses of each, the oldest first.
	ByKey map[string][]Access
	// Counts has by key and member how often; exact, whatever is kept one by one.
	Counts map[string]map[string]AccessCounts
}

// ByMember gives the accesses by member, in the order of their times.
func (r *AccessReport) ByMember() map[string][]Access {
	members := map[string][]Access{}
	for _, accesses := range r.ByKey {
		for _, access := range accesses {
			members[access.Member] = append(members[access.Member], access)
		}
	}
	for _, accesses := range members {
		slices.SortStableFunc(accesses, func(a, b Access) int { return a.Timestamp.Compare(b.Timestamp) })
	}
	return members
}

// CountsByMember gives the counts by member and key.
func (r *AccessReport) CountsByMember() map[string]map[string]AccessCounts {
	members := map[string]map[string]AccessCounts{}
	for key, counts := range r.Counts {
		for member, count := range counts {
			if members[member] == nil {
				members[member] = map[string]AccessCounts{}
			}
			members[member][key] = count
		}
	}
	return members
}

func readReport(message *pb.GetAccessReportResponse) *AccessReport {
	report := &AccessReport{
		UnusedKeys: message.GetUnusedKeys(),
		ByKey:      map[string][]Access{},
		Counts:     map[string]map[string]AccessCounts{},
	}
	for _, accesses := range message.GetKeys() {
		key := accesses.GetKey()
		report.ByKey[key] = []Access{}
		for _, each := range accesses.GetRecent() {
			report.ByKey[key] = append(report.ByKey[key], readAccess(key, each))
		}
		report.Counts[key] = map[string]AccessCounts{}
		for _, each := range accesses.GetCounts() {
			report.Counts[key][each.GetMember()] = AccessCounts{each.GetReads(), each.GetWrites()}
		}
	}
	return report
}

func readAccess(key string, message *pb.Access) Access {
	operation := AccessRead
	if message.GetOperation() == pb.AccessOperation_ACCESS_OPERATION_WRITE {
		operation = AccessWrite
	}
	return Access{key, message.GetMember(), operation, readTime(message.GetTime()), message.GetRevision()}
}
