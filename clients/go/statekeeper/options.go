package statekeeper

import (
	"crypto/tls"
	"time"
)

// settings are what the options of one call set; nil and zero: not given.
type settings struct {
	// Of clients.
	tls        *tls.Config
	token      *string
	cacheWatch bool

	// Of handles.
	namespace *string
	cacheTTL  *time.Duration

	// Of writes.
	expectedRevision *int64
	ttl              *time.Duration
	requestID        *string
	actor            *string

	// Of some calls.
	timeout       *time.Duration
	revision      *int64
	checkpoint    *string
	fields        []string
	replaced      []string
	removed       []string
	data          Document
	defaultInput  Document
	expireTime    time.Time
	onExpiry      ExpiryAction
	lease         *time.Duration
	exclusive     bool
	owner         *string
	dryRun        bool
	onUndeclared  UndeclaredAction
	templateInput Document

	// Of lists.
	pageSize     *int
	statuses     []Status
	labels       map[string]string
	idPrefix     string
	updatedAfter time.Time
	withStates   bool

	// Of watches.
	snapshot      bool
	afterRevision *int64
	resumeToken   *string
	kinds         []EventKind
	include       Include
	heartbeat     *time.Duration
	giveUpAfter   *time.Duration
	restarts      bool
}

type option func(*settings)

func (o option) apply(s *settings) { o(s) }

type applicable interface{ apply(*settings) }

// Most calls have no options.
var noSettings settings

// gathered gives what options set; it must not be changed.
func gathered[O applicable](options []O) *settings {
	if len(options) == 0 {
		return &noSettings
	}
	s := &settings{}
	for _, each := range options {
		each.apply(s)
	}
	return s
}

// Which calls take which options is told by interfaces, and an option says by what it embeds
// of the types below to which of them it belongs.

type (
	forClient         struct{}
	forHandle         struct{}
	forWrite          struct{}
	forLoad           struct{}
	forUpdate         struct{}
	forPause          struct{}
	forDefine         struct{}
	forSetState       struct{}
	forTransaction    struct{}
	forMigration      struct{}
	forLock           struct{}
	forList           struct{}
	forRevisions      struct{}
	forPauses         struct{}
	forCheckpoints    struct{}
	forWatch          struct{}
	forNamespaceWatch struct{}
)

func (forClient) client()                 {}
func (forHandle) handle()                 {}
func (forWrite) write()                   {}
func (forLoad) load()                     {}
func (forUpdate) update()                 {}
func (forPause) pause()                   {}
func (forDefine) define()                 {}
func (forSetState) setState()             {}
func (forTransaction) transaction()       {}
func (forMigration) migration()           {}
func (forLock) lock()                     {}
func (forList) list()                     {}
func (forRevisions) revisions()           {}
func (forPauses) pauses()                 {}
func (forCheckpoints) checkpoints()       {}
func (forWatch) watch()                   {}
func (forNamespaceWatch) namespaceWatch() {}

type (
	// A ClientOption is for [NewClient].
	ClientOption interface {
		applicable
		client()
	}
	// A HandleOption is for [Client.StateManager].
	HandleOption interface {
		applicable
		handle()
	}
	// A WriteOption is for every write.
	WriteOption interface {
		UpdateOption
		PauseOption
		DefineOption
		SetStateOption
		write()
	}
	// A LoadOption is for [StateManager.Load].
	LoadOption interface {
		applicable
		load()
	}
	// An UpdateOption is for [StateManager.Update]; so is every [WriteOption].
	UpdateOption interface {
		applicable
		update()
	}
	// A PauseOption is for [StateManager.Pause]; so is every [WriteOption].
	PauseOption interface {
		applicable
		pause()
	}
	// A DefineOption is for [StateManager.DefineState]; so is every [WriteOption].
	DefineOption interface {
		applicable
		define()
	}
	// A SetStateOption is for [Member.SetState]; so is every [WriteOption].
	SetStateOption interface {
		applicable
		setState()
	}
	// A TransactionOption is for [StateManager.Transaction].
	TransactionOption interface {
		MigrationOption
		transaction()
	}
	// A MigrationOption is for [StateManager.Migrate]; so is every [TransactionOption].
	MigrationOption interface {
		applicable
		migration()
	}
	// A LockOption is for [StateManager.Lock], [StateManager.TryLock] and
	// [StateManager.WithLock].
	LockOption interface {
		applicable
		lock()
	}
	// A ListOption is for [Client.List].
	ListOption interface {
		applicable
		list()
	}
	// A RevisionsOption is for [StateManager.ListRevisions].
	RevisionsOption interface {
		applicable
		revisions()
	}
	// A PausesOption is for [Client.ListPauses].
	PausesOption interface {
		applicable
		pauses()
	}
	// A CheckpointsOption is for [StateManager.ListCheckpoints].
	CheckpointsOption interface {
		applicable
		checkpoints()
	}
	// A WatchOption is for [StateManager.Watch]; those that are a [NamespaceWatchOption] as
	// well are for both.
	WatchOption interface {
		applicable
		watch()
	}
	// A NamespaceWatchOption is for [Client.Watch].
	NamespaceWatchOption interface {
		applicable
		namespaceWatch()
	}
)

// everyWrite is embedded by what belongs to all writes.
type everyWrite struct {
	forWrite
	forUpdate
	forPause
	forDefine
	forSetState
}

// everyTransaction is embedded by what belongs to transactions and migrations.
type everyTransaction struct {
	forTransaction
	forMigration
}
