package statekeeper

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const domain = "statekeeper"

// Makes the error of a reason from what the server told; the one table of what it may tell.
var byReason = map[Code]func(StateError, told) stateError{
	ErrStateNotFound: func(e StateError, _ told) stateError { return &StateNotFoundError{e} },
	ErrCheckpointNotFound: func(e StateError, _ told) stateError {
		return &CheckpointNotFoundError{e, e.Metadata["checkpoint"]}
	},
	ErrConflict: func(e StateError, _ told) stateError {
		return &ConflictError{e, e.number("expected"), e.number("current")}
	},
	ErrInvalidToken: func(e StateError, _ told) stateError { return &InvalidTokenError{e} },
	ErrLockTimeout: func(e StateError, _ told) stateError {
		return &LockTimeoutError{e, e.Metadata["owner"], e.Metadata["expire_time"]}
	},
	ErrLocked: func(e StateError, _ told) stateError {
		return &LockedError{e, e.Metadata["owner"], e.Metadata["expire_time"]}
	},
	ErrFenced:        func(e StateError, _ told) stateError { return &FencedError{e} },
	ErrSerialization: func(e StateError, _ told) stateError { return &SerializationError{e, e.Metadata["path"]} },
	ErrInvalidRequest: func(e StateError, t told) stateError {
		return &InvalidRequestError{e, t.fields}
	},
	ErrStateTooLarge: func(e StateError, _ told) stateError {
		return &StateTooLargeError{e, e.number("size"), e.number("limit")}
	},
	ErrSchemaViolation: func(e StateError, _ told) stateError {
		return &SchemaViolationError{e, e.Metadata["key"], e.Metadata["path"], e.Metadata["rule"]}
	},
	ErrStateAccessDenied: func(e StateError, _ told) stateError {
		return &StateAccessDeniedError{e, e.Metadata["member"], e.Metadata["key"]}
	},
	ErrRequestIDReused: func(e StateError, _ told) stateError { return &RequestIDReusedError{e} },
	ErrRevisionCompacted: func(e StateError, _ told) stateError {
		return &RevisionCompactedError{e, e.number("oldest_revision")}
	},
	ErrOverloaded:  func(e StateError, t told) stateError { return &OverloadedError{e, t.retryAfter} },
	ErrStorageFull: func(e StateError, _ told) stateError { return &StorageFullError{e} },
	ErrStorage:     func(e StateError, _ told) stateError { return &StorageError{e} },
}

// told is what the service tells of a failed call beside its facts as texts.
type told struct {
	fields     []FieldViolation
	retryAfter time.Duration
}

func (e *StateError) number(name string) int64 {
	number, err := strconv.ParseInt(e.Metadata[name], 10, 64)
	if err != nil {
		return UnknownNumber
	}
	return number
}

// A site is where a call went, for messages and for errors that do not say.
type site struct {
	target  string
	timeout time.Duration
	at      execution
}

// failed gives the error of a failed call.
func (s site) failed(failure *status.Status) error {
	var info *errdetails.ErrorInfo
	var facts told
	for _, detail := range failure.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			info = detail
		case *errdetails.BadRequest:
			for _, each := range detail.GetFieldViolations() {
				facts.fields = append(facts.fields, FieldViolation{each.GetField(), each.GetDescription()})
			}
		case *errdetails.RetryInfo:
			facts.retryAfter = detail.GetRetryDelay().AsDuration()
		}
	}
	if info.GetDomain() != domain {
		return s.unanswered(failure)
	}
	plain := StateError{
		Code:        Code(info.GetReason()),
		Message:     failure.Message(),
		Namespace:   s.at.namespace,
		ExecutionID: s.at.executionID,
		Metadata:    info.GetMetadata(),
	}
	if namespace, ok := plain.Metadata["namespace"]; ok {
		plain.Namespace = namespace
	}
	if id, ok := plain.Metadata["execution_id"]; ok {
		plain.ExecutionID = id
	}
	if typed, ok := byReason[plain.Code]; ok {
		return typed(plain, facts)
	}
	return &plain
}

// unanswered gives the error of a call of which the service told nothing.
func (s site) unanswered(failure *status.Status) error {
	plain := StateError{Namespace: s.at.namespace, ExecutionID: s.at.executionID}
	message := failure.Message()
	if message == "" {
		message = "no reason given"
	}
	switch failure.Code() {
	case codes.Unavailable:
		plain.Code = ErrUnavailable
		plain.Message = fmt.Sprintf("cannot reach statekeeper at %s: %s", s.target, cause(message))
		return &UnavailableError{plain}
	case codes.DeadlineExceeded:
		plain.Code = ErrDeadlineExceeded
		plain.Message = fmt.Sprintf("no answer from %s within %s", s.target, s.timeout)
		plain.cause = context.DeadlineExceeded
		return &DeadlineExceededError{plain}
	case codes.Canceled:
		plain.Code = ErrCancelled
		plain.Message = fmt.Sprintf("the call to %s was cancelled: %s", s.target, message)
		return &CancelledError{plain}
	}
	plain.Message = fmt.Sprintf("%s answered %s: %s", s.target, failure.Code(), message)
	switch failure.Code() {
	case codes.Unauthenticated:
		plain.Code = ErrUnauthenticated
		return &UnauthenticatedError{plain}
	case codes.Unimplemented:
		plain.Code = ErrUnimplemented
		return &UnimplementedError{plain}
	case codes.Internal:
		plain.Code = ErrInternal
		return &InternalError{plain}
	default:
		plain.Code = statusName(failure.Code())
		return &plain
	}
}

// ended gives the error of a call whose caller's context has ended.
func (s site) ended(ctx context.Context) error {
	plain := StateError{
		Namespace: s.at.namespace, ExecutionID: s.at.executionID, cause: context.Cause(ctx),
	}
	if ctx.Err() == context.DeadlineExceeded {
		plain.Code = ErrDeadlineExceeded
		plain.Message = fmt.Sprintf("no answer from %s before the context's deadline", s.target)
		return &DeadlineExceededError{plain}
	}
	plain.Code = ErrCancelled
	plain.Message = fmt.Sprintf("the call to %s was cancelled: %v", s.target, context.Cause(ctx))
	return &CancelledError{plain}
}

// closed gives the error of a call of a client that is closed.
func (s site) closed() error {
	return &CancelledError{StateError{
		Code:        ErrCancelled,
		Message:     "the client is closed",
		Namespace:   s.at.namespace,
		ExecutionID: s.at.executionID,
	}}
}

// What gRPC writes for people who know its inside, by what it means.
var causes = []struct{ part, sentence string }{
	{"connection refused", "connection refused"},
	{"produced zero addresses", "unknown host name"},
	{"no such host", "unknown host name"},
	{"x509:", "its certificate is not trusted"},
	{"tls:", "TLS handshake failed"},
	{"authentication handshake failed", "TLS handshake failed"},
	{"http2: frame too large", "what listens there is no gRPC server"},
	{"server preface", "what listens there is no gRPC server"},
	{"no such file", "no such socket file"},
	{"unreachable", "network unreachable"},
	{"no route to host", "network unreachable"},
	{"i/o timeout", "connecting timed out"},
	{"reset by peer", "connection lost"},
	{"broken pipe", "connection lost"},
	{"error reading from server", "connection lost"},
}

func cause(message string) string {
	for _, each := range causes {
		if strings.Contains(message, each.part) {
			return each.sentence
		}
	}
	return message
}

// The name of a gRPC status as gRPC writes it: `OUT_OF_RANGE`.
func statusName(code codes.Code) Code {
	name := strings.Builder{}
	for i, r := range code.String() {
		if i > 0 && 'A' <= r && r <= 'Z' {
			name.WriteByte('_')
		}
		name.WriteRune(r)
	}
	return Code(strings.ToUpper(name.String()))
}
