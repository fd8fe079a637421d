package statekeeper

import (
	"fmt"
	"time"
)

// A Code names why a call did not succeed; it is the same in every language. Codes are
// errors to compare with:
//
//	if errors.Is(err, statekeeper.ErrConflict) { ... }
type Code string

// Error gives the code's name.
func (c Code) Error() string { return string(c) }

// What the service answers. Each has a type of its own, which tells more.
const (
	// ErrStateNotFound: the execution does not exist, or has expired.
	ErrStateNotFound Code = "STATE_NOT_FOUND"
	// ErrCheckpointNotFound: the checkpoint does not exist.
	ErrCheckpointNotFound Code = "CHECKPOINT_NOT_FOUND"
	// ErrConflict: somebody else wrote since; load again and retry.
	ErrConflict Code = "CONFLICT"
	// ErrInvalidToken: the token is unknown, spent, expired or of another execution.
	ErrInvalidToken Code = "INVALID_TOKEN"
	// ErrLockTimeout: the lock was not granted in time.
	ErrLockTimeout Code = "LOCK_TIMEOUT"
	// ErrLocked: somebody else holds the lock.
	ErrLocked Code = "LOCKED"
	// ErrFenced: the lock under which is written is lost.
	ErrFenced Code = "FENCED"
	// ErrSerialization: a value cannot be encoded or decoded.
	ErrSerialization Code = "SERIALIZATION_ERROR"
	// ErrInvalidRequest: the call is malformed.
	ErrInvalidRequest Code = "INVALID_REQUEST"
	// ErrStateTooLarge: never worth a retry.
	ErrStateTooLarge Code = "STATE_TOO_LARGE"
	// ErrSchemaViolation: a value does not fit its schema.
	ErrSchemaViolation Code = "SCHEMA_VIOLATION"
	// ErrStateAccessDenied: the member may not touch the key.
	ErrStateAccessDenied Code = "STATE_ACCESS_DENIED"
	// ErrRequestIDReused: the request id was used for another write.
	ErrRequestIDReused Code = "REQUEST_ID_REUSED"
	// ErrRevisionCompacted: that revision is no longer kept whole.
	ErrRevisionCompacted Code = "REVISION_COMPACTED"
	// ErrOverloaded: too much is waiting in the server.
	ErrOverloaded Code = "OVERLOADED"
	// ErrStorageFull: writes are refused, reads and deletes served.
	ErrStorageFull Code = "STORAGE_FULL"
	// ErrStorage: the storage is out of service, or the server stops.
	ErrStorage Code = "STORAGE_ERROR"
)

// What is told where there is no answer of the service.
const (
	// ErrUnavailable: the server cannot be reached.
	ErrUnavailable Code = "UNAVAILABLE"
	// ErrDeadlineExceeded: no answer in time; a write may have happened.
	ErrDeadlineExceeded Code = "DEADLINE_EXCEEDED"
	// ErrWaitTimeout: what was waited for did not come in time.
	ErrWaitTimeout Code = "WAIT_TIMEOUT"
	// ErrCancelled: the caller's context was cancelled, or the client closed.
	ErrCancelled Code = "CANCELLED"
	// ErrUnauthenticated: the server does not accept the credentials.
	ErrUnauthenticated Code = "UNAUTHENTICATED"
	// ErrUnimplemented: the server does not know this call; it is older than the client.
	ErrUnimplemented Code = "UNIMPLEMENTED"
	// ErrInternal: the server failed in a way that its log tells more about.
	ErrInternal Code = "INTERNAL"
)

// UnknownNumber stands for a number that the server did not tell; it is never a revision or
// a size.
const UnknownNumber = -1

// A StateError is a call that did not succeed. Errors of all types below can be had as one:
//
//	var failed *statekeeper.StateError
//	if errors.As(err, &failed) { log.Print(failed.Code, failed.ExecutionID) }
type StateError struct {
	// Code is the reason's name: `CONFLICT`.
	Code Code
	// Message is a sentence for people.
	Message string
	// ExecutionID is the execution that was asked for; empty: unknown.
	ExecutionID string
	// Namespace is the execution's; empty: unknown.
	Namespace string
	// Metadata has all facts that the server gave, as texts.
	Metadata map[string]string

	cause error
}

// Error gives the code, the message and the execution.
func (e *StateError) Error() string {
	if e.ExecutionID == "" {
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%s: %s [%s/%s]", e.Code, e.Message, e.Namespace, e.ExecutionID)
}

// Is tells whether the target is the error's [Code].
func (e *StateError) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// As gives the error as a *StateError, also where it has a type of its own.
func (e *StateError) As(target any) bool {
	plain, ok := target.(**StateError)
	if ok {
		*plain = e
	}
	return ok
}

// Unwrap gives what it came of: [context.Canceled] where the caller's context was cancelled.
func (e *StateError) Unwrap() error { return e.cause }

func (e *StateError) plain() *StateError { return e }

// What all errors of this package are.
type stateError interface {
	error
	plain() *StateError
}

// StateNotFoundError says that the execution does not exist, or has expired.
type StateNotFoundError struct{ StateError }

// CheckpointNotFoundError says that the checkpoint does not exist.
type CheckpointNotFoundError struct {
	StateError
	// Checkpoint is its name.
	Checkpoint string
}

// ConflictError says that the execution is not at the expected revision: load again and retry.
type ConflictError struct {
	StateError
	// Expected is the revision that was expected; 0: none at all.
	Expected int64
	// Current is the revision that it has; 0: it does not exist.
	Current int64
}

// InvalidTokenError says that the token is unknown, spent, expired or of another execution.
type InvalidTokenError struct{ StateError }

// LockTimeoutError says that the lock was not granted in time, because somebody holds it.
type LockTimeoutError struct {
	StateError
	// Owner is who holds it; empty: not told.
	Owner string
	// ExpireTime is when the lease ends (RFC 3339); empty: not told.
	ExpireTime string
}

// LockedError says that somebody else holds the lock, exclusively where it is a write that is
// refused.
type LockedError struct {
	StateError
	// Owner is who holds it; empty: not told.
	Owner string
	// ExpireTime is when the lease ends (RFC 3339); empty: not told.
	ExpireTime string
}

// FencedError says that the lock under which is written is no longer held.
type FencedError struct{ StateError }

// SerializationError says that a value cannot be encoded, or cannot be decoded here.
type SerializationError struct {
	StateError
	// Path is where it stands: `context.user.tags[3]`.
	Path string
}

// InvalidRequestError says that the call is malformed.
type InvalidRequestError struct {
	StateError
	// Fields tell what is wrong.
	Fields []FieldViolation
}

// A FieldViolation tells what is wrong with one field.
type FieldViolation struct {
	// Field is its name: `state.status`.
	Field string
	// Description is a sentence.
	Description string
}

// StateTooLargeError says that the state, or the message that carries it, is larger than
// allowed.
type StateTooLargeError struct {
	StateError
	// Size is its size in bytes.
	Size int64
	// Limit is what is allowed, in bytes.
	Limit int64
}

// SchemaViolationError says that a value does not fit its schema.
type SchemaViolationError struct {
	StateError
	// Key is that of the shared state.
	Key string
	// Path is where in its value.
	Path string
	// Rule is the rule that is broken: `minLength`.
	Rule string
}

// StateAccessDeniedError says that the member may not touch the key.
type StateAccessDeniedError struct {
	StateError
	// Member is who wanted to.
	Member string
	// Key is what.
	Key string
}

// RequestIDReusedError says that the request id was used for another write before.
type RequestIDReusedError struct{ StateError }

// RevisionCompactedError says that the state at that revision is no longer kept whole.
type RevisionCompactedError struct {
	StateError
	// OldestRevision is the oldest one that is.
	OldestRevision int64
}

// OverloadedError says that too much is waiting in the server, even after the client's own
// retries.
type OverloadedError struct {
	StateError
	// RetryAfter is how long to wait before the next attempt; 0: not told.
	RetryAfter time.Duration
}

// StorageFullError says that the server has no room left: writes are refused, reads and
// deletes served.
type StorageFullError struct{ StateError }

// StorageError says that the storage is out of service after an I/O error, or the server
// stops. Whether a write was kept is not known: repeat it with its request id.
type StorageError struct{ StateError }

// UnavailableError says that the server cannot be reached.
type UnavailableError struct{ StateError }

// DeadlineExceededError says that no answer came in time. Whether a write was done is not
// known. It is a [context.DeadlineExceeded] as well.
type DeadlineExceededError struct{ StateError }

// WaitTimeoutError says that what was waited for did not come in time. It is a
// [context.DeadlineExceeded] as well.
type WaitTimeoutError struct {
	StateError
	// Status is the last one that was seen; empty: there is no execution.
	Status Status
}

// CancelledError says that the call was given up: the caller's context was cancelled (then it
// is a [context.Canceled] as well), or the client was closed.
type CancelledError struct{ StateError }

// UnauthenticatedError says that the server does not accept the credentials.
type UnauthenticatedError struct{ StateError }

// UnimplementedError says that the server does not know this call: it is older than the
// client.
type UnimplementedError struct{ StateError }

// InternalError says that the server failed in a way that it does not explain to callers; its
// log does.
type InternalError struct{ StateError }

// What is refused before it is sent has the same type as if the server had refused it.

func invalid(field, format string, args ...any) *InvalidRequestError {
	sentence := fmt.Sprintf(format, args...)
	return &InvalidRequestError{
		StateError: StateError{Code: ErrInvalidRequest, Message: field + ": " + sentence},
		Fields:     []FieldViolation{{field, sentence}},
	}
}

func unserializable(done, path, sentence string) *SerializationError {
	return &SerializationError{
		StateError: StateError{
			Code:    ErrSerialization,
			Message: fmt.Sprintf("%s cannot be %s: %s", path, done, sentence),
		},
		Path: path,
	}
}
