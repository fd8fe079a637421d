// Package cache keeps what was loaded or saved of late, so that it need not be loaded again.
//
// One cache belongs to one client and serves all handles that ask for it. It never holds a
// state that a write through the same client has replaced:
//
//   - A write ends by replacing the copy or dropping it, also when it failed, since it may
//     have been done all the same.
//   - A load that was under way when a write ended may have read the state before that
//     write, so it may not put what it read. The same holds for two writes at once: which
//     was first is told by their revisions alone.
//
// A watched cache holds no state either that a write of others has replaced, but for as long
// as the news of it travels. It holds copies of a namespace only while a watch of that
// namespace stands ([Cache.WatchStands], [Cache.WatchBroke]), and is told every change
// ([Cache.Changed]). What was read before the watch stood, or before the last change that is
// known, is not put.
package cache

import (
	"container/list"
	"sync"
	"sync/atomic"
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/protobuf/proto"
)

const (
	// ExecutionsMax is how many executions a cache may hold.
	ExecutionsMax = 1_000
	// BytesMax is how large they may be together.
	BytesMax = 64 << 20
)

// A Key names an execution.
type Key struct {
	Namespace, ExecutionID string
}

// A Ticket is a call that is under way on one execution.
type Ticket struct {
	key         Key
	overtaken   bool
	revisionMin int64
}

type entry struct {
	key        Key
	execution  *pb.Execution
	bytes      int
	freshUntil time.Time
}

// Cache holds executions by key; the least recently used ones leave first. What it gives
// out must not be changed.
type Cache struct {
	watch func(namespace string)
	now   func() time.Time
	// Whether anybody wants copies. Until then there are none to keep right.
	used atomic.Bool

	mu       sync.Mutex
	entries  map[Key]*list.Element
	recent   *list.List // of *entry; the most recently used in front
	bytes    int
	underWay map[Key]map[*Ticket]struct{}
	// By namespace, whether its watch stands.
	watched map[string]bool
}

// New makes an empty cache.
//
// Watch begins to tell the cache what changes in a namespace, and returns at once; nil:
// nobody does.
func New(watch func(namespace string)) *Cache {
	return &Cache{
		watch:    watch,
		now:      time.Now,
		entries:  map[Key]*list.Element{},
		recent:   list.New(),
		underWay: map[Key]map[*Ticket]struct{}{},
		watched:  map[string]bool{},
	}
}

// Use notes that there is somebody who wants copies.
func (c *Cache) Use() {
	c.used.Store(true)
}

// Get gives the copy of an execution; nil: there is none that is fresh.
func (c *Cache) Get(key Key) *pb.Execution {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.watch != nil {
		if _, ok := c.watched[key.Namespace]; !ok {
			c.watched[key.Namespace] = false
			c.watch(key.Namespace)
		}
	}
	element, ok := c.entries[key]
	if !ok {
		return nil
	}
	found := element.Value.(*entry)
	if !c.now().Before(found.freshUntil) {
		c.drop(key)
		return nil
	}
	c.recent.MoveToFront(element)
	return found.execution
}

// Begin notes that a call is about to be sent. It must end in [Cache.EndLoad] or
// [Cache.EndWrite].
func (c *Cache) Begin(key Key) *Ticket {
	ticket := &Ticket{key: key}
	if !c.used.Load() {
		return ticket
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.underWay[key] == nil {
		c.underWay[key] = map[*Ticket]struct{}{}
	}
	c.underWay[key][ticket] = struct{}{}
	return ticket
}

// EndLoad takes what a load read; nil: nothing, or it failed.
func (c *Cache) EndLoad(ticket *Ticket, execution *pb.Execution, ttl time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leave(ticket)
	if execution == nil || ticket.overtaken || execution.GetRevision() < ticket.revisionMin {
		return
	}
	if kept := c.peek(ticket.key); kept == nil || kept.GetRevision() <= execution.GetRevision() {
		c.put(ticket.key, execution, ttl)
	}
}

// EndWrite notes that a write ended.
//
// Revision is the one that it made; 0: not known. Execution is what it is right after it;
// nil: not known.
func (c *Cache) EndWrite(ticket *Ticket, revision int64, execution *pb.Execution, ttl time.Duration) {
	if !c.used.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leave(ticket)
	for other := range c.underWay[ticket.key] {
		other.overtaken = true
	}
	if kept := c.peek(ticket.key); kept != nil && 0 < revision && revision < kept.GetRevision() {
		return
	}
	c.drop(ticket.key)
	if execution != nil && !ticket.overtaken && revision >= ticket.revisionMin {
		c.put(ticket.key, execution, ttl)
	}
}

// Clear drops all copies: a write ended, and it is not known of which execution.
func (c *Cache) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, tickets := range c.underWay {
		for ticket := range tickets {
			ticket.overtaken = true
		}
	}
	clear(c.entries)
	c.recent.Init()
	c.bytes = 0
}

// WatchStands notes that from now on every change in a namespace will be told.
func (c *Cache) WatchStands(namespace string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, tickets := range c.underWay {
		if key.Namespace != namespace {
			continue
		}
		for ticket := range tickets {
			ticket.overtaken = true
		}
	}
	c.watched[namespace] = true
}

// WatchBroke notes that changes in a namespace may not be told, and drops its copies.
func (c *Cache) WatchBroke(namespace string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watched[namespace] = false
	for key := range c.entries {
		if key.Namespace == namespace {
			c.drop(key)
		}
	}
}

// Changed notes that somebody has changed an execution.
func (c *Cache) Changed(key Key, revision int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ticket := range c.underWay[key] {
		ticket.revisionMin = max(ticket.revisionMin, revision)
	}
	if kept := c.peek(key); kept != nil && kept.GetRevision() < revision {
		c.drop(key)
	}
}

func (c *Cache) peek(key Key) *pb.Execution {
	element, ok := c.entries[key]
	if !ok {
		return nil
	}
	return element.Value.(*entry).execution
}

func (c *Cache) leave(ticket *Ticket) {
	tickets := c.underWay[ticket.key]
	delete(tickets, ticket)
	if len(tickets) == 0 {
		delete(c.underWay, ticket.key)
	}
}

func (c *Cache) put(key Key, execution *pb.Execution, ttl time.Duration) {
	c.drop(key)
	if c.watch != nil && !c.watched[key.Namespace] {
		return
	}
	now := c.now()
	ttl = lifeLeft(execution, now, ttl)
	bytes := proto.Size(execution)
	if bytes > BytesMax || ttl <= 0 {
		return
	}
	c.entries[key] = c.recent.PushFront(&entry{key, execution, bytes, now.Add(ttl)})
	c.bytes += bytes
	for len(c.entries) > ExecutionsMax || c.bytes > BytesMax {
		c.drop(c.recent.Back().Value.(*entry).key)
	}
}

// lifeLeft tells for how long a copy is what the server reads, at most as long as the ttl:
// it reads an execution as absent from its expire_time on, and as changed from that of an
// open pause on.
func lifeLeft(execution *pb.Execution, now time.Time, ttl time.Duration) time.Duration {
	if expires := execution.GetExpireTime(); expires != nil {
		ttl = min(ttl, expires.AsTime().Sub(now))
	}
	for _, pause := range execution.GetPauses() {
		if pause.GetStatus() == pb.PauseStatus_PAUSE_STATUS_OPEN {
			ttl = min(ttl, pause.GetExpireTime().AsTime().Sub(now))
		}
	}
	return ttl
}

func (c *Cache) drop(key Key) {
	if element, ok := c.entries[key]; ok {
		c.bytes -= c.recent.Remove(element).(*entry).bytes
		delete(c.entries, key)
	}
}
