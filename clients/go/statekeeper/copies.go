package statekeeper

import (
	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/protobuf/proto"
)

// What a handle makes of the client's cache.

// An update that asks for the whole state back costs its transfer; above this size a later
// load that may never come is cheaper.
const returnedBytesMax = 64 << 10

// copied gives the cache's copy; nil: the handle may not use it, or there is none.
func (sm *StateManager) copied() *pb.Execution {
	if sm.cacheTTL == 0 {
		return nil
	}
	return sm.cache.Get(sm.key)
}

// wantsReturned tells whether an update had better give the whole execution back.
func (sm *StateManager) wantsReturned() bool {
	before := sm.copied()
	return before != nil && proto.Size(before) < returnedBytesMax
}

// saved gives the execution as a load would read it after a save; nil: not known. Before is
// what the cache had.
func (sm *StateManager) saved(state *pb.ExecutionState, result *pb.WriteResult, before *pb.Execution) *pb.Execution {
	if sm.cacheTTL == 0 || result.GetReplayed() {
		return nil
	}
	if before != nil && before.GetVersion()+1 != result.GetVersion() {
		before = nil
	}
	if before == nil && result.GetVersion() > 1 {
		return nil
	}
	for _, pause := range before.GetPauses() {
		switch pause.GetStatus() {
		case pb.PauseStatus_PAUSE_STATUS_OPEN, pb.PauseStatus_PAUSE_STATUS_OVERDUE:
			// What becomes of them is the server's to say.
			return nil
		}
	}
	if state.StartTime == nil {
		if before == nil {
			return nil
		}
		state.StartTime = before.GetState().GetStartTime()
	}
	created := result.GetUpdateTime()
	if before != nil {
		created = before.GetCreateTime()
	}
	state.Id = sm.at.executionID
	return &pb.Execution{
		Key:        result.GetKey(),
		Revision:   result.GetRevision(),
		Version:    result.GetVersion(),
		CreateTime: created,
		UpdateTime: result.GetUpdateTime(),
		ExpireTime: result.GetExpireTime(),
		State:      state,
		Pauses:     before.GetPauses(),
	}
}
