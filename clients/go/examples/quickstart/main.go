// An order that is processed step by step, and goes on where it was when it is run again.
//
//	go run ./examples/quickstart -target 127.0.0.1:7460
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

// An Order is what the execution was started with.
type Order struct {
	Customer string  `json:"customer"`
	Amount   float64 `json:"amount"`
}

func main() {
	target := flag.String("target", "127.0.0.1:7460", "the server")
	id := flag.String("order", "order-1", "the order")
	flag.Parse()
	if err := run(context.Background(), *target, *id); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, target, id string) error {
	client, err := statekeeper.NewClient(target)
	if err != nil {
		return err
	}
	defer client.Close()
	sm := client.StateManager(id, statekeeper.WithNamespace("orders"), statekeeper.WithTTL(7*24*time.Hour))

	state, err := sm.Load(ctx)
	if err != nil {
		return err
	}
	if state == nil {
		input, err := statekeeper.Encode(Order{"Ada", 39.90})
		if err != nil {
			return err
		}
		state = &statekeeper.State{Status: statekeeper.StatusRunning, Input: input}
		if _, err := sm.Save(ctx, state); err != nil {
			return err
		}
		fmt.Println("began", id)
	}
	order, err := statekeeper.Decode[Order](state.Input)
	if err != nil {
		return err
	}
	for _, step := range []string{"validate", "charge", "ship"} {
		if _, done := state.MemberOutputs[step]; done {
			fmt.Println("done before:", step)
			continue
		}
		// Only who holds the lock does a step.
		err := sm.WithLock(ctx, func(ctx context.Context) error {
			_, err := sm.Update(ctx, statekeeper.Changes{
				CurrentMember: step,
				MemberOutputs: statekeeper.Document{step: map[string]any{"for": order.Customer}},
			})
			return err
		})
		if err != nil {
			return err
		}
		fmt.Println("done:", step)
	}
	_, err = sm.Update(ctx, statekeeper.Changes{Status: statekeeper.StatusCompleted})
	return err
}
