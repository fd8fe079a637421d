// The driver of the Go client: it reads commands, one JSON object a line, does them with the
// client, and writes what comes of them. The README of the conformance suite is its protocol.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve does the commands of a stream until it ends.
func serve(in io.Reader, out io.Writer) error {
	names := newSession()
	defer names.reset()
	answers := &answers{to: json.NewEncoder(out)}
	lines := bufio.NewReader(in)
	var underWay sync.WaitGroup
	defer underWay.Wait()
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			names.cancelAll()
			return nil
		}
		if err != nil {
			return err
		}
		read := json.NewDecoder(bytes.NewReader(line))
		read.UseNumber()
		var given command
		if err := read.Decode(&given); err != nil {
			return fmt.Errorf("a line is no JSON: %w", err)
		}
		id := given.integer("id")
		ctx := names.begin(id)
		underWay.Add(1)
		go func() {
			defer underWay.Done()
			defer names.end(id)
			answers.write(id, answer(ctx, names, given))
		}()
	}
}

// answers are written one at a time.
type answers struct {
	mu sync.Mutex
	to *json.Encoder
}

func (a *answers) write(id int64, told map[string]any) {
	told["id"] = id
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.to.Encode(told); err != nil {
		_ = a.to.Encode(map[string]any{"id": id, "fault": err.Error()})
	}
}

// answer does a command and tells what came of it.
func answer(ctx context.Context, names *session, given command) (told map[string]any) {
	defer func() {
		if fault := recover(); fault != nil {
			told = map[string]any{"fault": fmt.Sprintf("%v\n%s", fault, debug.Stack())}
		}
	}()
	result, err := names.do(ctx, given)
	var failed *statekeeper.StateError
	var raised *raisedError
	var missing unsupported
	switch {
	case err == nil:
		return map[string]any{"result": plain(result)}
	case errors.As(err, &raised):
		return map[string]any{"error": map[string]any{"code": "RAISED", "message": raised.message}}
	case errors.As(err, &failed):
		return map[string]any{"error": errorOf(err, failed)}
	case errors.As(err, &missing):
		return map[string]any{"unsupported": string(missing)}
	default:
		return map[string]any{"fault": err.Error()}
	}
}

// raisedError is an error that an edit asks for.
type raisedError struct{ message string }

func (e *raisedError) Error() string { return e.message }

// unsupported says why the client has no such thing.
type unsupported string

func (u unsupported) Error() string { return string(u) }
