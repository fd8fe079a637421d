package statekeeper

import (
	"context"
	"errors"
	"fmt"
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	// How many operations a message may have.
	operationsMax = 1_000
	// What a request takes in a message beside its own bytes, at most.
	entryBytes = 16
)

// Batch does many operations on any executions, each for itself, in few messages.
//
//	load := orders[0].Operation().Load()
//	save := orders[1].Operation().Save(state)
//	err := client.Batch(ctx, load, save)
//	loaded, err := load.Result()
//
// Those on one execution are done in their order; one that fails keeps no other from being
// done, and [Op.Result] tells what became of each. What an operation holds is read before the
// first is sent, so none can build on what another gives. A message takes 1,000 operations
// and 16 MiB, what is more goes into the next one, and the client's timeout is for each
// message. A message without an answer ends the batch: the operations after it are not sent,
// and have its error.
//
// It gives the error of the first operation that did not succeed; nil: all did. Where an
// argument is of no use or a value cannot be sent, the error names the operation's position
// (`operations[3].status`), and nothing was sent.
func (c *Client) Batch(ctx context.Context, operations ...Operation) error {
	for i, each := range operations {
		if err := c.prepare(ctx, each); err != nil {
			err = placed(err, fmt.Sprintf("operations[%d]", i))
			for _, before := range operations[:i] {
				before.settle(err)
			}
			return err
		}
	}
	waiting := make([]Operation, 0, len(operations))
	for _, each := range operations {
		if size := proto.Size(each.out().request); size > messageBytesMax {
			each.settle(tooLarge(size, each.out().at))
		} else {
			waiting = append(waiting, each)
		}
	}
	for len(waiting) > 0 {
		var taken []Operation
		taken, waiting = takeMessage(waiting)
		if err := c.deliverBatch(ctx, taken); err != nil {
			// Who does not answer one message will not answer the others, and each would
			// be waited for in vain.
			settleAll(waiting, err)
			break
		}
	}
	for _, each := range operations {
		if err := each.outcome(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) prepare(ctx context.Context, operation Operation) error {
	if operation.client() != c {
		return invalid("operation", "is of a handle of another client")
	}
	return operation.prepare(ctx)
}

// placed says in an error, whose message begins with what is wrong, where that stands.
func placed(err error, place string) error {
	var plain *StateError
	if !errors.As(err, &plain) {
		return err
	}
	plain.Message = place + "." + plain.Message
	var unserializable *SerializationError
	if errors.As(err, &unserializable) {
		unserializable.Path = place + "." + unserializable.Path
	}
	var invalid *InvalidRequestError
	if errors.As(err, &invalid) {
		for i := range invalid.Fields {
			invalid.Fields[i].Field = place + "." + invalid.Fields[i].Field
		}
	}
	return err
}

// takeMessage divides what goes into the next message from what waits.
func takeMessage(waiting []Operation) (taken, left []Operation) {
	bytes := 0
	for i, each := range waiting {
		if bytes += sizeOf(each); i == operationsMax || i > 0 && bytes > messageBytesMax {
			return waiting[:i], waiting[i:]
		}
	}
	return waiting, nil
}

// deliverBatch sends the operations of a message, again where that can help; the error is
// what ends the whole batch.
//
// What was refused for now is sent again only where nothing after it, on the same execution,
// was done.
func (c *Client) deliverBatch(ctx context.Context, operations []Operation) error {
	ends := time.Now().Add(c.channel.timeout)
	var delay time.Duration
	for attempt := 1; len(operations) > 1; attempt++ {
		if err := c.pauseFor(ctx, delay); err != nil {
			settleAll(operations, err)
			return err
		}
		failures, err := c.sendTogether(ctx, operations, time.Until(ends))
		if err != nil {
			settleAll(operations, err)
			return err
		}
		var crowded bool
		operations, delay, crowded = c.toRepeat(operations, failures, attempt, ends)
		if crowded {
			break
		}
	}
	for i, each := range operations {
		err := c.pauseFor(ctx, delay)
		if err == nil {
			err = c.channel.deliver(ctx, each.out())
		}
		delay = 0
		if err == nil {
			_ = each.take() // It is told by the operation.
			continue
		}
		each.settle(err)
		if unheard(err) {
			settleAll(operations[i+1:], err)
			return err
		}
	}
	return nil
}

func (c *Client) pauseFor(ctx context.Context, delay time.Duration) error {
	select {
	case <-time.After(delay):
		return nil
	case <-ctx.Done():
		return site{target: c.channel.target}.ended(ctx)
	case <-c.channel.ctx.Done():
		return site{target: c.channel.target}.closed()
	}
}

// sendTogether sends one message, reads the results, and gives the errors by their positions.
func (c *Client) sendTogether(ctx context.Context, operations []Operation, timeout time.Duration) (map[int]error, error) {
	request := &pb.BatchRequest{}
	for _, each := range operations {
		request.Operations = append(request.Operations, wrapped(each.out()))
	}
	response := &pb.BatchResponse{}
	out := &outgoing{rpc: rpcBatch, request: request, response: response, limit: max(timeout, callTimeoutMin)}
	if err := c.channel.deliver(ctx, out); err != nil {
		return nil, err
	}
	if len(response.GetResults()) != len(operations) {
		return nil, &InternalError{StateError{
			Code: ErrInternal, Message: "the server has not answered every operation of a batch",
		}}
	}
	failures := map[int]error{}
	for i, each := range operations {
		result := response.GetResults()[i]
		if failed := result.GetError(); failed != nil {
			failures[i] = site{c.channel.target, c.channel.timeout, each.out().at}.failed(status.FromProto(failed))
			continue
		}
		unwrapped(result, each.out().response)
		_ = each.take() // It is told by the operation.
	}
	return failures, nil
}

// wrapped makes an entry of a message.
func wrapped(out *outgoing) *pb.Operation {
	entry := &pb.Operation{}
	message := entry.ProtoReflect()
	field := message.Descriptor().Fields().ByNumber(protoreflect.FieldNumber(out.rpc.operation))
	message.Set(field, protoreflect.ValueOfMessage(out.request.ProtoReflect()))
	return entry
}

// unwrapped puts the response of an entry into its place.
func unwrapped(result *pb.OperationResult, response proto.Message) {
	message := result.ProtoReflect()
	field := message.WhichOneof(message.Descriptor().Oneofs().ByName("response"))
	proto.Reset(response)
	if field != nil {
		proto.Merge(response, message.Get(field).Message().Interface())
	}
}

// toRepeat gives what to send again, after which time, and whether each has to be alone: its
// answer does not fit among others.
//
// From behind: where an operation is done, or refused for good, nothing before it on the same
// execution may be done any more.
func (c *Client) toRepeat(operations []Operation, failures map[int]error, attempt int, ends time.Time) (again []Operation, wait time.Duration, crowded bool) {
	left := time.Until(ends)
	passed := map[[2]string]bool{}
	repeated := make([]bool, len(operations))
	for i := len(operations) - 1; i >= 0; i-- {
		at := operations[i].out().at
		key := [2]string{at.namespace, at.executionID}
		delay, worthwhile := c.worthwhile(failures[i], attempt)
		switch {
		case !worthwhile || delay >= left:
			passed[key] = true
		case !passed[key]:
			repeated[i] = true
			wait = max(wait, delay)
			crowded = crowded || hasNoRoom(failures[i])
		}
	}
	for i, each := range operations {
		switch {
		case repeated[i]:
			again = append(again, each)
		case failures[i] != nil:
			each.settle(failures[i])
		}
	}
	return again, wait, crowded
}

// worthwhile tells after which time an operation is worth another try, if it is.
func (c *Client) worthwhile(failure error, attempt int) (time.Duration, bool) {
	if failure == nil {
		return 0, false
	}
	if hasNoRoom(failure) {
		return 0, true
	}
	return c.channel.again(failure, nil, attempt, 0)
}

// hasNoRoom tells whether an operation has to be sent alone: its answer does not fit among
// others.
func hasNoRoom(err error) bool {
	var refused *InvalidRequestError
	if !errors.As(err, &refused) {
		return false
	}
	for _, each := range refused.Fields {
		if each.Field == "operation" {
			return true
		}
	}
	return false
}

// settleAll ends operations with an error that is not theirs alone.
func settleAll(operations []Operation, err error) {
	for _, each := range operations {
		each.settle(each.out().at.own(err))
	}
}
