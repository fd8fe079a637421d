package cache

import (
	"fmt"
	"strings"
	"testing"
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

var key = Key{"n", "e"}

func at(revision int64) *pb.Execution { return &pb.Execution{Revision: revision} }

func used(watch func(string)) *Cache {
	c := New(watch)
	c.Use()
	return c
}

// revision gives that of the copy; 0: there is none.
func revision(c *Cache) int64 { return c.Get(key).GetRevision() }

func TestWhatWasLoadedIsGivenUntilItIsOld(t *testing.T) {
	c := used(nil)
	now := time.Now()
	c.now = func() time.Time { return now }
	c.EndLoad(c.Begin(key), at(3), time.Second)
	if revision(c) != 3 {
		t.Fatal("it is not there")
	}
	now = now.Add(time.Second)
	if revision(c) != 0 {
		t.Error("it is there after its time")
	}
}

func TestACopyLivesNoLongerThanWhatItShows(t *testing.T) {
	now := time.Now()
	soon := timestamppb.New(now.Add(time.Second))
	for name, execution := range map[string]*pb.Execution{
		"expires": {Revision: 1, ExpireTime: soon},
		"pause":   {Revision: 1, Pauses: []*pb.Pause{{Status: pb.PauseStatus_PAUSE_STATUS_OPEN, ExpireTime: soon}}},
	} {
		c := used(nil)
		clock := now
		c.now = func() time.Time { return clock }
		c.EndLoad(c.Begin(key), execution, time.Hour)
		if revision(c) != 1 {
			t.Errorf("%s: it is not there", name)
		}
		clock = now.Add(2 * time.Second)
		if revision(c) != 0 {
			t.Errorf("%s: it is there after its time", name)
		}
	}
}

func TestALoadThatAWriteHasOvertakenIsNotKept(t *testing.T) {
	c := used(nil)
	load, write := c.Begin(key), c.Begin(key)
	c.EndWrite(write, 5, nil, 0)
	c.EndLoad(load, at(4), time.Hour)
	if revision(c) != 0 {
		t.Error("an overtaken load was kept")
	}
}

func TestOfTwoWritesTheLaterOneCounts(t *testing.T) {
	c := used(nil)
	first, second := c.Begin(key), c.Begin(key)
	c.EndWrite(second, 6, at(6), time.Hour)
	c.EndWrite(first, 5, at(5), time.Hour)
	if got := revision(c); got != 0 && got != 6 {
		t.Errorf("revision %d is kept", got)
	}
}

func TestAWriteThatFailedDropsTheCopy(t *testing.T) {
	c := used(nil)
	c.EndLoad(c.Begin(key), at(3), time.Hour)
	c.EndWrite(c.Begin(key), 0, nil, 0)
	if revision(c) != 0 {
		t.Error("the copy is there after a write of which nothing is known")
	}
}

func TestAWatchedCacheHoldsNothingWithoutItsWatch(t *testing.T) {
	watched := []string{}
	c := used(func(namespace string) { watched = append(watched, namespace) })
	put := func(revision int64) { c.EndLoad(c.Begin(key), at(revision), time.Hour) }
	revision(c)
	put(1)
	if len(watched) != 1 || revision(c) != 0 {
		t.Fatalf("%v are watched", watched)
	}
	under := c.Begin(key)
	c.WatchStands("n")
	c.EndLoad(under, at(2), time.Hour)
	if revision(c) != 0 {
		t.Error("what was read before the watch stood is kept")
	}
	put(3)
	if revision(c) != 3 {
		t.Error("nothing is kept while the watch stands")
	}
	under = c.Begin(key)
	c.Changed(key, 9)
	c.EndLoad(under, at(8), time.Hour)
	if revision(c) != 0 {
		t.Error("what was read before the last change is kept")
	}
	put(9)
	c.WatchBroke("n")
	if revision(c) != 0 {
		t.Error("the copy outlived its watch")
	}
}

func TestTheLeastRecentlyUsedLeaveFirst(t *testing.T) {
	c := used(nil)
	for i := range ExecutionsMax {
		each := Key{"n", fmt.Sprint(i)}
		c.EndLoad(c.Begin(each), at(1), time.Hour)
	}
	c.Get(Key{"n", "0"})
	c.EndLoad(c.Begin(key), at(1), time.Hour)
	if c.Get(Key{"n", "0"}) == nil || c.Get(Key{"n", "1"}) != nil {
		t.Error("another one has left")
	}
	large := at(2)
	large.State = &pb.ExecutionState{Id: strings.Repeat("x", BytesMax)}
	c.EndLoad(c.Begin(key), large, time.Hour)
	if revision(c) != 0 || len(c.underWay) != 0 {
		t.Error("what is too large is kept")
	}
}
