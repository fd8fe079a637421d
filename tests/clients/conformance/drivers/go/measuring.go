package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

const (
	letters        = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	textLetters    = 1_022
	executionsEach = 16
)

// measure saves from so many goroutines for so long.
func measure(ctx context.Context, _ *session, given command) (any, error) {
	client, err := statekeeper.NewClient(given.text("target"))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	if _, err := client.StateManager("execution-0").Load(ctx); err != nil {
		return nil, err
	}
	texts := [2]string{randomText(), randomText()}
	callers := int(given.integer("callers"))
	calls, failures := make([]int, callers), make([]error, callers)
	var working sync.WaitGroup
	began := time.Now()
	ends := began.Add(given.span("seconds"))
	for number := range callers {
		working.Add(1)
		go func() {
			defer working.Done()
			calls[number], failures[number] = saveUntil(ctx, ends, client, number, texts)
		}()
	}
	working.Wait()
	took := time.Since(began)
	total := 0
	for number := range callers {
		if failures[number] != nil {
			return nil, failures[number]
		}
		total += calls[number]
	}
	return map[string]any{"calls": total, "seconds": took.Seconds()}, nil
}

func saveUntil(ctx context.Context, ends time.Time, client *statekeeper.Client, number int, texts [2]string) (int, error) {
	var handles [executionsEach]*statekeeper.StateManager
	for i := range handles {
		handles[i] = client.StateManager(fmt.Sprintf("execution-%d", number*executionsEach+i))
	}
	for calls := 0; ; calls++ {
		if !time.Now().Before(ends) {
			return calls, nil
		}
		written := &statekeeper.State{
			Status:  statekeeper.StatusRunning,
			Context: statekeeper.Document{"state": texts[calls/executionsEach%len(texts)]},
		}
		if _, err := handles[calls%executionsEach].Save(ctx, written); err != nil {
			return calls, err
		}
	}
}

func randomText() string {
	text := make([]byte, textLetters)
	for i := range text {
		text[i] = letters[rand.IntN(len(letters))]
	}
	return string(text)
}
