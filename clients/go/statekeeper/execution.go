package statekeeper

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"reflect"
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
)

// NamespaceDefault is the namespace where none is given.
const NamespaceDefault = "execution-state"

// An execution is which one a call is about, and what its handle adds to every write.
type execution struct {
	// Empty: not known.
	namespace, executionID string
	// For writes that give none; nil: the server decides.
	ttl *time.Duration
	// For writes that give none.
	actor string
}

func (e execution) key() *pb.ExecutionKey {
	return &pb.ExecutionKey{Namespace: e.namespace, ExecutionId: e.executionID}
}

// located says in an error of this side which execution it is about.
func (e execution) located(err error) error {
	var plain stateError
	if errors.As(err, &plain) && plain.plain().ExecutionID == "" {
		plain.plain().Namespace = e.namespace
		plain.plain().ExecutionID = e.executionID
	}
	return err
}

// own gives a copy of an error, which says that it is about this execution.
func (e execution) own(err error) error {
	failed, ok := err.(stateError)
	if !ok {
		return err
	}
	copied := reflect.New(reflect.TypeOf(failed).Elem())
	copied.Elem().Set(reflect.ValueOf(failed).Elem())
	failed = copied.Interface().(stateError)
	failed.plain().Namespace, failed.plain().ExecutionID = e.namespace, e.executionID
	return failed
}

func checkedNamespace(s *settings) (string, error) {
	if s.namespace == nil || *s.namespace == "" {
		return NamespaceDefault, nil
	}
	return *s.namespace, checkText("namespace", *s.namespace)
}

// writeOptions gives the options of a write. Token is that of the lock under which is
// written; 0: none.
func (e execution) writeOptions(s *settings, token int64) (*pb.WriteOptions, error) {
	options, err := e.plainOptions(s, token)
	if err != nil {
		return nil, err
	}
	ttl := e.ttl
	if s.ttl != nil {
		ttl = s.ttl
	}
	if ttl != nil {
		if options.Ttl, err = writeSpan("ttl", *ttl); err != nil {
			return nil, err
		}
	}
	return options, nil
}

// plainOptions is writeOptions for what has no time to live.
func (e execution) plainOptions(s *settings, token int64) (*pb.WriteOptions, error) {
	options := &pb.WriteOptions{FencingToken: token, Actor: e.actor}
	if s.expectedRevision != nil {
		if err := checkRevision("expected_revision", *s.expectedRevision); err != nil {
			return nil, err
		}
		options.ExpectedRevision = s.expectedRevision
	}
	if s.actor != nil {
		if err := checkText("actor", *s.actor); err != nil {
			return nil, err
		}
		options.Actor = *s.actor
	}
	// Every write can be repeated safely, because it says which one it is.
	if s.requestID == nil {
		options.RequestId = randomID()
		return options, nil
	}
	if err := checkName("request_id", *s.requestID); err != nil {
		return nil, err
	}
	options.RequestId = *s.requestID
	return options, nil
}

const idBytes = 16

func randomID() string {
	var id [idBytes]byte
	// It never fails: it ends the program instead.
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}
