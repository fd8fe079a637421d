// Command etcd_client measures etcd's own client for Go. It takes the command `measure` as
// the drivers of statekeeper's clients do (tests/clients/conformance/README.md), and puts
// where they save.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

const (
	letters    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	valueBytes = 1024
	keysEach   = 16
)

type command struct {
	ID      int     `json:"id"`
	Target  string  `json:"target"`
	Callers int     `json:"callers"`
	Seconds float64 `json:"seconds"`
}

type measured struct {
	Calls   int64   `json:"calls"`
	Seconds float64 `json:"seconds"`
}

func main() {
	answers := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var asked command
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			log.Fatal(err)
		}
		answer := map[string]any{"id": asked.ID}
		if result, err := measure(asked); err != nil {
			answer["fault"] = err.Error()
		} else {
			answer["result"] = result
		}
		if err := answers.Encode(answer); err != nil {
			log.Fatal(err)
		}
	}
}

// measure has so many callers put one value after the other, each round its own keys.
func measure(asked command) (measured, error) {
	client, err := clientv3.New(clientv3.Config{
		Endpoints: []string{asked.Target},
		Logger:    zap.NewNop(),
	})
	if err != nil {
		return measured{}, err
	}
	defer client.Close()
	ctx := context.Background()
	if _, err := client.Get(ctx, "execution-0"); err != nil {
		return measured{}, err
	}

	values := [2]string{value(), value()}
	var (
		done    sync.WaitGroup
		calls   atomic.Int64
		failure atomic.Value
	)
	began := time.Now()
	ends := began.Add(time.Duration(asked.Seconds * float64(time.Second)))
	for caller := range asked.Callers {
		done.Go(func() {
			for number := 0; time.Now().Before(ends); number++ {
				key := fmt.Sprintf("execution-%d", caller*keysEach+number%keysEach)
				if _, err := client.Put(ctx, key, values[number/keysEach%2]); err != nil {
					failure.Store(err)
					return
				}
				calls.Add(1)
			}
		})
	}
	done.Wait()
	if err, failed := failure.Load().(error); failed {
		return measured{}, err
	}
	return measured{calls.Load(), time.Since(began).Seconds()}, nil
}

// value gives letters that compress as badly as base64 does.
func value() string {
	text := make([]byte, valueBytes)
	for index := range text {
		text[index] = letters[rand.IntN(len(letters))]
	}
	return string(text)
}
