// A refund that waits for a person.
//
//	go run ./examples/approval run refund-17        # pauses, prints a token, waits
//	go run ./examples/approval inbox                # what waits for an answer
//	go run ./examples/approval approve TOKEN        # another process, another day
//
// Stop the first and start it again, or the server: it goes on waiting where it was.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

const namespace = "refunds"

func main() {
	target := flag.String("target", "127.0.0.1:7460", "the server")
	flag.Parse()
	client, err := statekeeper.NewClient(*target, statekeeper.WithActor("approval example"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err := do(context.Background(), client, flag.Arg(0), flag.Arg(1)); err != nil {
		log.Fatal(err)
	}
}

func do(ctx context.Context, client *statekeeper.Client, what, argument string) error {
	switch what {
	case "run":
		return run(ctx, client.StateManager(argument, statekeeper.WithNamespace(namespace)))
	case "inbox":
		return inbox(ctx, client)
	case "approve":
		return approve(ctx, client, statekeeper.ResumeToken(argument))
	default:
		return fmt.Errorf("%q is none of run, inbox, approve", what)
	}
}

// run takes the refund as far as it goes.
func run(ctx context.Context, refund *statekeeper.StateManager) error {
	state, err := refund.Load(ctx)
	if err != nil {
		return err
	}
	if state == nil {
		paused, err := refund.Pause(ctx, "approve-refund", "a refund above 100 needs a person",
			statekeeper.WithData(statekeeper.Document{"amount": 120, "customer": "Ada"}))
		if err != nil {
			return err
		}
		fmt.Printf("waiting for approval; answer with: %s\n", paused.Token)
	}
	state, err = refund.WaitUntil(ctx, func(state *statekeeper.State) bool {
		return state.Status != statekeeper.StatusPaused
	})
	if err != nil {
		return err
	}
	if state.Status == statekeeper.StatusCompleted {
		fmt.Println("done before")
		return nil
	}
	answer := state.Pauses[len(state.Pauses)-1].Resumption
	// Only the process that is the first to say so has done it.
	_, err = refund.Update(ctx, statekeeper.Changes{
		Status:        statekeeper.StatusCompleted,
		MemberOutputs: statekeeper.Document{"refund": answer.Input},
	}, statekeeper.WithExpectedRevision(state.Revision))
	if errors.Is(err, statekeeper.ErrConflict) {
		fmt.Println("somebody else was first")
		return nil
	}
	if err == nil {
		fmt.Printf("answered with %v by %s\n", answer.Input, answer.Actor)
	}
	return err
}

func inbox(ctx context.Context, client *statekeeper.Client) error {
	for pause, err := range client.ListPauses(ctx, statekeeper.WithNamespace(namespace)) {
		if err != nil {
			return err
		}
		fmt.Printf("%s: %s %v\n", pause.ExecutionID, pause.Reason, pause.Data)
	}
	return nil
}

func approve(ctx context.Context, client *statekeeper.Client, token statekeeper.ResumeToken) error {
	result, err := client.Resume(ctx, token, statekeeper.Document{"approved": true})
	var spent *statekeeper.InvalidTokenError
	if errors.As(err, &spent) {
		fmt.Println("this token is not, or no longer, good for anything")
		return nil
	}
	if err == nil {
		fmt.Println("answered:", result.ExecutionID)
	}
	return err
}
