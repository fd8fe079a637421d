package statekeeper

import "time"

type writeOption struct {
	option
	everyWrite
}

// WithExpectedRevision makes a write compare-and-set: the execution's revision must be this
// one; 0: it must not exist. Otherwise the write fails with a [ConflictError].
func WithExpectedRevision(revision int64) WriteOption {
	return writeOption{option: func(s *settings) { s.expectedRevision = &revision }}
}

// WithRequestID names the write: repeated with the same id, it gives the first result and
// changes nothing. If it is not given, the client makes one, which covers its own retries.
func WithRequestID(id string) WriteOption {
	return writeOption{option: func(s *settings) { s.requestID = &id }}
}

type ttlOption struct {
	option
	forHandle
	everyWrite
	everyTransaction
}

// WithTTL sets the time to live from a write on; 0: for ever. Of a handle: that of each of
// its writes. If it is not given, it is what was last set, at first 24 hours.
func WithTTL(ttl time.Duration) interface {
	HandleOption
	WriteOption
	TransactionOption
} {
	return ttlOption{option: func(s *settings) { s.ttl = &ttl }}
}

type updateOption struct {
	option
	forUpdate
}

// WithReplaced names documents of the changes (or `labels`) that replace the stored ones
// whole, instead of being merged into them: `context`.
func WithReplaced(names ...string) UpdateOption {
	return updateOption{option: func(s *settings) { s.replaced = append(s.replaced, names...) }}
}

// WithRemoved names what to remove: an entry (`context.userId`), a label (`labels.team`), a
// document (`context`), `current_member` or `schema_version`.
func WithRemoved(names ...string) UpdateOption {
	return updateOption{option: func(s *settings) { s.removed = append(s.removed, names...) }}
}

type pauseOption struct {
	option
	forPause
}

// WithData is what the person needs to see who is to answer.
func WithData(data Document) PauseOption {
	return pauseOption{option: func(s *settings) { s.data = data }}
}

// WithExpireTime is until when an answer is accepted; if it is not given, for 24 hours.
func WithExpireTime(expireTime time.Time) PauseOption {
	return pauseOption{option: func(s *settings) { s.expireTime = expireTime }}
}

// WithOnExpiry is what becomes of the pause when nobody has answered in time; if it is not
// given, [ExpiryFail].
func WithOnExpiry(action ExpiryAction) PauseOption {
	return pauseOption{option: func(s *settings) { s.onExpiry = action }}
}

// WithDefaultInput is the answer that [ExpiryResume] gives.
func WithDefaultInput(input Document) PauseOption {
	return pauseOption{option: func(s *settings) { s.defaultInput = input }}
}

type loadOption struct {
	option
	forLoad
}

// WithRevision loads the state as it was right after this revision.
func WithRevision(revision int64) LoadOption {
	return loadOption{option: func(s *settings) { s.revision = &revision }}
}

// WithCheckpoint loads the state that this checkpoint names.
func WithCheckpoint(name string) LoadOption {
	return loadOption{option: func(s *settings) { s.checkpoint = &name }}
}

type fieldsOption struct {
	option
	forLoad
	forList
}

// WithFields loads only these: `context`, `context.userId`, `labels`, `pauses`. The states
// are partial then. If it is not given, all are loaded but `shared_state`, which is loaded
// only by its name.
func WithFields(fields ...string) interface {
	LoadOption
	ListOption
} {
	return fieldsOption{option: func(s *settings) { s.fields = append(s.fields, fields...) }}
}
