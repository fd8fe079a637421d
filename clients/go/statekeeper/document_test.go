package statekeeper_test

import (
	"errors"
	"math/big"
	"reflect"
	"testing"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

func TestADocumentAsAStructOfOnesOwn(t *testing.T) {
	type item struct {
		SKU   string `json:"sku"`
		Count int    `json:"count"`
	}
	type order struct {
		Items []item         `json:"items"`
		Total *big.Int       `json:"total"`
		Image []byte         `json:"image"`
		Rest  map[string]any `json:"rest"`
	}
	total, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	want := order{[]item{{"a-1", 2}}, total, []byte("\xff\x00"), nil}
	got, err := statekeeper.Decode[order](statekeeper.Document{
		"items": []any{map[string]any{"sku": "a-1", "count": int64(2)}},
		"total": total,
		"image": statekeeper.Binary{Data: []byte("\xff\x00"), ContentType: "image/x"},
	})
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v (%v)", got, err)
	}
	document, err := statekeeper.Encode(want.Items[0])
	if err != nil || !reflect.DeepEqual(document, statekeeper.Document{"sku": "a-1", "count": int64(2)}) {
		t.Errorf("%v (%v)", document, err)
	}
	if _, err := statekeeper.Decode[item]("a text"); !errors.Is(err, statekeeper.ErrSerialization) {
		t.Error(err)
	}
	if _, err := statekeeper.Encode([]int{1}); !errors.Is(err, statekeeper.ErrSerialization) {
		t.Error(err)
	}
}

func TestWhatCannotBeSentIsToldByItsPath(t *testing.T) {
	sm := newClient(t, "127.0.0.1:1").StateManager("e", statekeeper.WithNamespace("n"))
	for path, document := range map[string]statekeeper.Document{
		"context.user.tags[1]": {"user": map[string]any{"tags": []any{1, func() {}}}},
		"context.raw.bytes":    {"raw": statekeeper.Document{"bytes": []byte("x")}},
		"context.raw.binary":   {"raw": map[string]any{"binary": statekeeper.Binary{}}},
		"context":              {"\xff": 1},
	} {
		_, err := sm.Save(limited(t), &statekeeper.State{Status: statekeeper.StatusRunning, Context: document})
		var refused *statekeeper.SerializationError
		if !errors.As(err, &refused) || refused.Path != path || refused.ExecutionID != "e" || refused.Namespace != "n" {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestWhatIsWrongWithArgumentsIsToldByTheirNames(t *testing.T) {
	client := newClient(t, "127.0.0.1:1")
	ctx := limited(t)
	sm := client.StateManager("e")
	save := func(options ...statekeeper.WriteOption) error {
		_, err := sm.Save(ctx, small(), options...)
		return err
	}
	_, badTarget := statekeeper.NewClient("http://localhost:7460")
	_, badToken := statekeeper.NewClient("example.org:7460", statekeeper.WithToken("secret"))
	_, noID := client.StateManager("").Load(ctx)
	_, noMember := sm.Pause(ctx, "", "reason")
	_, badStatus := sm.Update(ctx, statekeeper.Changes{Status: "resting"})
	_, partial := sm.Save(ctx, &statekeeper.State{Status: statekeeper.StatusRunning, Partial: true})
	_, otherID := sm.Save(ctx, &statekeeper.State{Status: statekeeper.StatusRunning, ID: "f"})
	other := newClient(t, "127.0.0.1:1").StateManager("e")
	for field, err := range map[string]error{
		"target":                  badTarget,
		"token":                   badToken,
		"execution_id":            noID,
		"member":                  noMember,
		"status":                  badStatus,
		"state":                   partial,
		"id":                      otherID,
		"ttl":                     save(statekeeper.WithTTL(-1)),
		"expected_revision":       save(statekeeper.WithExpectedRevision(-1)),
		"request_id":              save(statekeeper.WithRequestID("")),
		"actor":                   save(statekeeper.WithActor("\xff")),
		"operations[1].operation": client.Batch(ctx, sm.Operation().Load(), other.Operation().Load()),
	} {
		var refused *statekeeper.InvalidRequestError
		if !errors.As(err, &refused) || len(refused.Fields) != 1 || refused.Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestErrorsCanBeHadAsEachOther(t *testing.T) {
	_, err := newClient(t, "127.0.0.1:1").StateManager("").Load(limited(t))
	var plain *statekeeper.StateError
	if !errors.As(err, &plain) || plain.Code != statekeeper.ErrInvalidRequest {
		t.Error(err)
	}
	var conflict *statekeeper.ConflictError
	if errors.As(err, &conflict) || errors.Is(err, statekeeper.ErrConflict) {
		t.Error("it is no conflict")
	}
}
