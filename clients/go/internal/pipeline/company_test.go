package pipeline

import (
	"testing"
	"time"
)

func TestThoseWhoWereAnsweredTogetherAreWaitedFor(t *testing.T) {
	var c company
	now := time.Now()
	c.answered(10, now)
	for range 10 {
		if c.complete() || c.wait(now) <= 0 {
			t.Fatalf("%d are not waited for", c.awaited)
		}
		c.called()
	}
	if !c.complete() || c.wait(now) != 0 {
		t.Error("it waits for more than were answered")
	}
}

func TestWhoWasAloneIsNotWaitedFor(t *testing.T) {
	var c company
	now := time.Now()
	for range 100 {
		c.called()
		if c.wait(now) != 0 {
			t.Fatal("it waits")
		}
		c.answered(1, now)
	}
}

func TestWhoCallsLateIsNotHeldUp(t *testing.T) {
	var c company
	now := time.Now()
	c.answered(10, now)
	c.called()
	if wait := c.wait(now.Add(patienceMax)); wait != 0 {
		t.Errorf("%v more", wait)
	}
}

func TestWhoStaysAwayIsNotWaitedForTheNextTime(t *testing.T) {
	var c company
	now := time.Now()
	waits := 0
	round := func() {
		c.answered(10, now)
		for range 3 {
			c.called()
		}
		if c.wait(now) > 0 {
			waits++
		}
		now = now.Add(time.Second)
		c.wait(now)
	}
	for range answersForgiven {
		round()
	}
	if waits != 2 {
		t.Errorf("it waited %d times for those who stay away", waits)
	}
	// They are back.
	for range 5 * answersForgiven {
		c.answered(10, now)
		for range 10 {
			c.called()
		}
	}
	c.answered(10, now)
	if c.awaited != 10 {
		t.Errorf("of 10, %d are waited for", c.awaited)
	}
}

func TestAnswersToOthersDoNotProlongTheWait(t *testing.T) {
	var c company
	now := time.Now()
	waiting := time.Duration(0)
	c.answered(10, now)
	c.called()
	for c.wait(now) > 0 {
		now = now.Add(patienceEach / 2)
		waiting += patienceEach / 2
		c.answered(1, now)
	}
	if waiting > patienceMax {
		t.Errorf("it waits for %v", waiting)
	}
}
