package statekeeper

import "time"

// An Include is how much the events of a watch tell of the values.
type Include string

const (
	// IncludeHead: no values.
	IncludeHead Include = "head"
	// IncludeChanges: the values of what changed.
	IncludeChanges Include = "changes"
	// IncludeState: the whole state after the event.
	IncludeState Include = "state"
)

type watchOption struct {
	option
	forWatch
	forNamespaceWatch
}

// EveryWatchOption is an option of both [StateManager.Watch] and [Client.Watch].
type EveryWatchOption interface {
	WatchOption
	NamespaceWatchOption
}

// WithSnapshot begins with the executions as they are: an event of the kind [EventSnapshot]
// for each, and in the end one of the kind [EventSnapshotComplete].
func WithSnapshot() EveryWatchOption {
	return watchOption{option: func(s *settings) { s.snapshot = true }}
}

// WithResumeToken goes on after the event that had this token, in a watch of the same
// execution or namespace, id prefix and kinds.
func WithResumeToken(token string) EveryWatchOption {
	return watchOption{option: func(s *settings) { s.resumeToken = &token }}
}

// WithKinds tells only these kinds of events; if it is not given, all.
func WithKinds(kinds ...EventKind) EveryWatchOption {
	return watchOption{option: func(s *settings) { s.kinds = append(s.kinds, kinds...) }}
}

// WithInclude tells how much events tell of the values; if it is not given, [IncludeHead].
func WithInclude(include Include) EveryWatchOption {
	return watchOption{option: func(s *settings) { s.include = include }}
}

// WithHeartbeat tells how often the server gives a sign when nothing happens, 100 ms to 1 h;
// if it is not given, 10 seconds. After three times as long without, the connection is taken
// to be broken, and another one made.
func WithHeartbeat(interval time.Duration) EveryWatchOption {
	return watchOption{option: func(s *settings) { s.heartbeat = &interval }}
}

// WithGiveUpAfter tells for how long to try to reach the server again; if it is not given,
// for ever.
func WithGiveUpAfter(limit time.Duration) EveryWatchOption {
	return watchOption{option: func(s *settings) { s.giveUpAfter = &limit }}
}

// WithRestart goes on with an event of the kind [EventGap] and a snapshot, where what happened
// since is no longer kept. If it is not given, the watch fails with a
// [RevisionCompactedError].
func WithRestart() EveryWatchOption {
	return watchOption{option: func(s *settings) { s.restarts = true }}
}

type afterRevisionOption struct {
	option
	forWatch
}

// WithAfterRevision begins with the first event after this revision; 0: with the first that
// is kept.
func WithAfterRevision(revision int64) WatchOption {
	return afterRevisionOption{option: func(s *settings) { s.afterRevision = &revision }}
}
