package statekeeper

import (
	"time"

	"github.com/statekeeper/statekeeper/clients/go/internal/cache"
)

// A Client talks to a statekeeper server. It is safe for use by any number of goroutines, and
// the small calls of all of them share messages.
type Client struct {
	channel *channel
	cache   *cache.Cache
	actor   string
}

// NewClient makes a client for the server at a target, `host:port` or a gRPC name. It talks
// to nobody before the first call. Close it when it is no longer needed.
//
// It takes [WithTimeout], [WithTLS], [WithToken], [WithActor] and [WithCacheWatch].
//
// It fails with an [InvalidRequestError] where an argument is of no use.
func NewClient(target string, options ...ClientOption) (*Client, error) {
	s := gathered(options)
	if err := checkTarget(target); err != nil {
		return nil, err
	}
	timeout := timeoutDefault
	if s.timeout != nil {
		timeout = *s.timeout
	}
	if timeout <= 0 {
		return nil, invalid("timeout", "must be more than zero")
	}
	if s.token != nil {
		if err := checkName("token", *s.token); err != nil {
			return nil, err
		}
		if s.tls == nil && !isLoopback(target) {
			return nil, invalid("token", "is not sent without TLS, but to this machine alone")
		}
	}
	client := &Client{}
	if s.actor != nil {
		if err := checkText("actor", *s.actor); err != nil {
			return nil, err
		}
		client.actor = *s.actor
	}
	ch, err := newChannel(target, timeout, s)
	if err != nil {
		return nil, err
	}
	client.channel = ch
	client.cache = cache.New(nil)
	if s.cacheWatch {
		client.cache = cache.New(func(namespace string) { go keepRight(ch, client.cache, namespace) })
	}
	return client, nil
}

// Close closes the connection; calls under way end with a [CancelledError].
func (c *Client) Close() error {
	return c.channel.close()
}

// StateManager gives the handle of one execution, and talks to nobody. The id has 1 to 256
// bytes. What is wrong with an argument is told by the calls of the handle.
//
// It takes [WithNamespace], [WithTTL], [WithActor] and [WithCacheTTL].
func (c *Client) StateManager(executionID string, options ...HandleOption) *StateManager {
	s := gathered(options)
	sm := &StateManager{client: c, channel: c.channel, cache: c.cache}
	sm.at.actor = c.actor
	sm.refused = sm.set(executionID, s)
	return sm
}

func (sm *StateManager) set(executionID string, s *settings) error {
	namespace, err := checkedNamespace(s)
	if err != nil {
		return err
	}
	if err := checkName("execution_id", executionID); err != nil {
		return err
	}
	sm.at.namespace, sm.at.executionID = namespace, executionID
	sm.key = cache.Key{Namespace: namespace, ExecutionID: executionID}
	if s.ttl != nil {
		if _, err := writeSpan("ttl", *s.ttl); err != nil {
			return err
		}
		sm.at.ttl = s.ttl
	}
	if s.actor != nil {
		if err := checkText("actor", *s.actor); err != nil {
			return err
		}
		sm.at.actor = *s.actor
	}
	if s.cacheTTL != nil {
		if *s.cacheTTL < 0 {
			return invalid("cache_ttl", "must not be negative")
		}
		sm.cacheTTL = *s.cacheTTL
		sm.cache.Use()
	}
	return nil
}

// A StateManager is the handle of one execution: its state, pauses, checkpoints and lock, and
// what happens to it. Made by [Client.StateManager]. Handles are cheap, and safe for use by
// any number of goroutines.
//
// Beside what it names, every call may fail with an [UnavailableError], a
// [DeadlineExceededError], a [CancelledError], an [OverloadedError], a [StorageError] or an
// [InternalError], and with an [InvalidRequestError] where an argument is of no use. A write
// may also fail with a [ConflictError], a [RequestIDReusedError], a [StorageFullError], a
// [LockedError] where somebody else holds the lock exclusively, and a [FencedError] where
// this handle has lost it.
type StateManager struct {
	client   *Client
	channel  *channel
	cache    *cache.Cache
	at       execution
	key      cache.Key
	cacheTTL time.Duration
	grants   grants
	// Why its calls are refused; nil: they are not.
	refused error
}

// ExecutionID gives the execution's id.
func (sm *StateManager) ExecutionID() string { return sm.at.executionID }

// Namespace gives the execution's namespace.
func (sm *StateManager) Namespace() string { return sm.at.namespace }
