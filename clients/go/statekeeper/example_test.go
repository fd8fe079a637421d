package statekeeper_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

func Example() {
	ctx := context.Background()
	client, err := statekeeper.NewClient("127.0.0.1:7460")
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	sm := client.StateManager("exec_abc123", statekeeper.WithNamespace("orders"))

	if _, err := sm.Save(ctx, &statekeeper.State{
		Status:  statekeeper.StatusRunning,
		Context: statekeeper.Document{"userId": "user_123"},
	}); err != nil {
		log.Fatal(err)
	}
	state, err := sm.Load(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(state.Status, state.Context["userId"])
}

func ExampleStateManager_Save_conflict() {
	ctx := context.Background()
	client, _ := statekeeper.NewClient("127.0.0.1:7460")
	defer client.Close()
	sm := client.StateManager("exec_abc123")

	state, err := sm.Load(ctx)
	if err != nil {
		log.Fatal(err)
	}
	state.Status = statekeeper.StatusCompleted
	_, err = sm.Save(ctx, state)
	var conflict *statekeeper.ConflictError
	if errors.As(err, &conflict) {
		fmt.Println("somebody else has saved revision", conflict.Current)
	}
}

func ExampleStateManager_Transaction() {
	ctx := context.Background()
	client, _ := statekeeper.NewClient("127.0.0.1:7460")
	defer client.Close()
	sm := client.StateManager("exec_abc123")

	_, err := sm.Transaction(ctx, func(state *statekeeper.State) error {
		state.MemberOutputs["payment"] = map[string]any{"id": "ch_123"}
		delete(state.Context, "cart")
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
}

func ExampleStateManager_WithLock() {
	ctx := context.Background()
	client, _ := statekeeper.NewClient("127.0.0.1:7460")
	defer client.Close()
	sm := client.StateManager("exec_abc123")

	err := sm.WithLock(ctx, func(ctx context.Context) error {
		// With this context the write carries the lock's fencing token; the context ends
		// if the lock is lost.
		_, err := sm.Update(ctx, statekeeper.Changes{Status: statekeeper.StatusRunning})
		return err
	}, statekeeper.WithTimeout(time.Minute), statekeeper.WithLease(30*time.Second))
	if errors.Is(err, statekeeper.ErrLockTimeout) {
		fmt.Println("somebody else has it")
	}
}

func ExampleStateManager_Pause() {
	ctx := context.Background()
	client, _ := statekeeper.NewClient("127.0.0.1:7460")
	defer client.Close()
	refund := client.StateManager("refund-17")

	paused, err := refund.Pause(ctx, "approve", "a refund above 100 needs a person",
		statekeeper.WithData(statekeeper.Document{"amount": 120}),
		statekeeper.WithExpireTime(time.Now().Add(48*time.Hour)))
	if err != nil {
		log.Fatal(err)
	}
	// The person, who would be somewhere else.
	if _, err := client.Resume(ctx, paused.Token, statekeeper.Document{"approved": true}); err != nil {
		log.Fatal(err)
	}
	state, err := refund.WaitFor(ctx, statekeeper.StatusRunning)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(state.Pauses[0].Resumption.Input)
}

func ExampleStateManager_Watch() {
	ctx := context.Background()
	client, _ := statekeeper.NewClient("127.0.0.1:7460")
	defer client.Close()

	watch, err := client.StateManager("exec_abc123").Watch(ctx, statekeeper.WithSnapshot())
	if err != nil {
		log.Fatal(err)
	}
	defer watch.Close()
	for event, err := range watch.Events() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(event.Kind, event.Status, event.Changed)
	}
}

func ExampleClient_Batch() {
	ctx := context.Background()
	client, _ := statekeeper.NewClient("127.0.0.1:7460")
	defer client.Close()

	first, second := client.StateManager("order-1"), client.StateManager("order-2")
	save := first.Operation().Save(&statekeeper.State{Status: statekeeper.StatusRunning})
	load := second.Operation().Load()
	if err := client.Batch(ctx, save, load); err != nil {
		log.Print("the first that failed: ", err)
	}
	saved, err := save.Result()
	fmt.Println(saved, err)
	state, err := load.Result()
	fmt.Println(state, err)
}

func ExampleClient_List() {
	ctx := context.Background()
	client, _ := statekeeper.NewClient("127.0.0.1:7460")
	defer client.Close()

	for state, err := range client.List(ctx,
		statekeeper.WithNamespace("orders"),
		statekeeper.WithStatus(statekeeper.StatusFailed),
		statekeeper.WithFields("labels"),
	) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(state.ID, state.Labels)
	}
}

func ExampleDecode() {
	type payment struct {
		ID     string `json:"id"`
		Amount int64  `json:"amount"`
	}
	outputs := statekeeper.Document{
		"payment": map[string]any{"id": "ch_123", "amount": int64(9007199254740993)},
	}
	paid, err := statekeeper.Decode[payment](outputs["payment"])
	fmt.Println(paid.ID, paid.Amount, err)
	// Output: ch_123 9007199254740993 <nil>
}

func ExampleMigrateState() {
	state := &statekeeper.State{
		Status:        statekeeper.StatusRunning,
		Context:       statekeeper.Document{"name": "Ada Lovelace"},
		SchemaVersion: "1.0.0",
	}
	splitName := func(state *statekeeper.State) error {
		first, last, _ := strings.Cut(state.Context["name"].(string), " ")
		state.Context = statekeeper.Document{"first": first, "last": last}
		return nil
	}
	migrated, err := statekeeper.MigrateState(state, "1.0.0", "2.0.0", splitName)
	fmt.Println(migrated.Context["last"], migrated.SchemaVersion, state.SchemaVersion, err)
	// Output: Lovelace 2.0.0 1.0.0 <nil>
}
