package statekeeper

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"
)

// An rpc is what can be called.
type rpc struct {
	method string
	// The number of its field in Operation; 0: it is none. Locks are left out: a call that
	// waits must be one that can be cancelled.
	operation int32
}

const (
	service        = "/statekeeper.v1.StateManager/"
	sharedService  = "/statekeeper.v1.SharedState/"
	pipelineMethod = service + "Pipeline"
	watchMethod    = service + "Watch"
)

var (
	rpcSave             = rpc{service + "Save", 1}
	rpcLoad             = rpc{service + "Load", 2}
	rpcUpdate           = rpc{service + "Update", 3}
	rpcDelete           = rpc{service + "Delete", 4}
	rpcPause            = rpc{service + "Pause", 5}
	rpcResume           = rpc{service + "Resume", 6}
	rpcCheckpoint       = rpc{service + "Checkpoint", 7}
	rpcRestore          = rpc{service + "Restore", 8}
	rpcDefineState      = rpc{sharedService + "DefineState", 12}
	rpcWriteState       = rpc{sharedService + "WriteState", 13}
	rpcReadState        = rpc{sharedService + "ReadState", 16}
	rpcList             = rpc{method: service + "List"}
	rpcListRevisions    = rpc{method: service + "ListRevisions"}
	rpcListPauses       = rpc{method: service + "ListPauses"}
	rpcListCheckpoints  = rpc{method: service + "ListCheckpoints"}
	rpcDeleteCheckpoint = rpc{method: service + "DeleteCheckpoint"}
	rpcGetPause         = rpc{method: service + "GetPause"}
	rpcLock             = rpc{method: service + "Lock"}
	rpcRenewLock        = rpc{method: service + "RenewLock"}
	rpcUnlock           = rpc{method: service + "Unlock"}
	rpcGetLock          = rpc{method: service + "GetLock"}
	rpcBatch            = rpc{method: service + "Batch"}
	rpcGetAccessReport  = rpc{method: sharedService + "GetAccessReport"}
)

// outgoing is what is sent, and the place for what comes back.
type outgoing struct {
	rpc      rpc
	request  proto.Message
	response proto.Message
	at       execution
	// For how long the server may take its time on purpose, beside the client's timeout.
	wait time.Duration
	// After this time the answer is of no use; 0: it always is.
	limit time.Duration
	// What to send, and not wait for, when this ended without an answer and may have been
	// done all the same; nil: nothing.
	cleanup *outgoing
}

// A call is one call, ready to be sent. It must end in finish or in giveUp.
type call[T any] struct {
	outgoing
	// Reads the response, and notes what it means for the cache.
	finish func() (T, error)
	// Notes that there is no usable response; nil: that concerns nobody.
	giveUp func(error)
}

// send sends a call and waits for what comes of it. Refused is why there is none to send; it
// is here so that what makes a call can be written where it is sent.
func send[T any](ctx context.Context, ch *channel, c *call[T], refused error) (T, error) {
	if refused != nil {
		var none T
		return none, refused
	}
	err := ch.deliver(ctx, &c.outgoing)
	if err == nil {
		var result T
		if result, err = c.finish(); err == nil {
			return result, nil
		}
		err = c.at.located(err)
	}
	c.end(ch, err)
	var none T
	return none, err
}

// end notes why a call has not succeeded.
func (c *call[T]) end(ch *channel, err error) {
	if c.giveUp != nil {
		c.giveUp(err)
	}
	if c.cleanup != nil && mayBeDone(err) {
		// What becomes of it is nobody's concern.
		go func() { _ = ch.deliver(ch.ctx, c.cleanup) }()
	}
}
