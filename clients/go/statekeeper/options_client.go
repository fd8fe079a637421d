package statekeeper

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"time"
)

type clientOption struct {
	option
	forClient
}

// WithTLS makes the connection one of TLS. An empty config trusts what the system trusts;
// [TLSFromFiles] makes one from files.
func WithTLS(config *tls.Config) ClientOption {
	return clientOption{option: func(s *settings) { s.tls = config.Clone() }}
}

// WithToken sends a bearer token with every call. Without TLS it is refused, but for a server
// on this machine.
func WithToken(token string) ClientOption {
	return clientOption{option: func(s *settings) { s.token = &token }}
}

// WithCacheWatch lets handles with [WithCacheTTL] see the writes of others at once: each
// namespace in which there are such handles is watched, and while its watch is broken nothing
// of it is cached. Where the server falls silent, that is noticed after half a minute.
func WithCacheWatch() ClientOption {
	return clientOption{option: func(s *settings) { s.cacheWatch = true }}
}

// TLSFromFiles makes a config for [WithTLS] from PEM files; empty: none. The ca has the
// certificates to trust in place of the system's; cert and key are the client's own.
//
// It fails with an [InvalidRequestError] that names `ca` or `cert`.
func TLSFromFiles(ca, cert, key string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		text, err := os.ReadFile(ca)
		if err != nil {
			return nil, invalid("ca", "%v", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, invalid("ca", "there is no certificate in %s", ca)
		}
	}
	if cert != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, invalid("cert", "%v", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

type handleOption struct {
	option
	forHandle
}

// WithCacheTTL lets [StateManager.Load] give what was loaded or saved before through this
// client without asking the server, for so long. Writes through this client are always seen,
// those of others after this time, or at once with [WithCacheWatch].
func WithCacheTTL(ttl time.Duration) HandleOption {
	return handleOption{option: func(s *settings) { s.cacheTTL = &ttl }}
}

type timeoutOption struct {
	option
	forClient
	everyTransaction
	forLock
}

// WithTimeout sets for how long something is tried.
//
// Of a client: how long a call may take, its retries included; 10 seconds if it is not
// given. Of a transaction or a migration: for how long it is tried again after conflicts;
// a minute if it is not given, and 0 is one attempt. Of a lock: how long to wait for it and,
// without [WithLease], how long the lease lasts; 30 seconds if it is not given.
func WithTimeout(timeout time.Duration) interface {
	ClientOption
	TransactionOption
	LockOption
} {
	return timeoutOption{option: func(s *settings) { s.timeout = &timeout }}
}

type actorOption struct {
	option
	forClient
	forHandle
	everyWrite
	everyTransaction
}

// WithActor tells who writes, for the history. What a write says comes before what its
// handle says, and that before what the client says.
func WithActor(actor string) interface {
	ClientOption
	HandleOption
	WriteOption
	TransactionOption
} {
	return actorOption{option: func(s *settings) { s.actor = &actor }}
}

type namespaceOption struct {
	option
	forHandle
	forList
	forPauses
	forNamespaceWatch
}

// WithNamespace names the namespace; if it is not given, it is [NamespaceDefault]. Equal ids
// in two namespaces never meet.
func WithNamespace(namespace string) interface {
	HandleOption
	ListOption
	PausesOption
	NamespaceWatchOption
} {
	return namespaceOption{option: func(s *settings) { s.namespace = &namespace }}
}
