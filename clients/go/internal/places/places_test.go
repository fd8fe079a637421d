package places

import (
	"reflect"
	"testing"
)

var (
	place = Place{Token: "tok", Marks: []Mark{{"a", 3}, {"ü/1", 4}, {"a", 5}, {"a", 5}}}
	// What the client for Python makes of the same place.
	text = "~WyJ0b2siLFsiYSIsNSwyXSxbIsO8LzEiLDQsMV1d"
)

func TestPlacesAreTheSameInEveryLanguage(t *testing.T) {
	if written := place.Text(); written != text {
		t.Errorf("it is written as %s", written)
	}
	read, err := Read(text)
	want := Place{Token: "tok", Marks: []Mark{{"a", 5}, {"a", 5}, {"ü/1", 4}}}
	if err != nil || !reflect.DeepEqual(read, want) {
		t.Errorf("it is read as %v (%v)", read, err)
	}
	if plain := (Place{Token: "tok"}); plain.Text() != "tok" {
		t.Errorf("a place of the server's is written as %s", plain.Text())
	}
}

func TestWhatIsNoPlaceIsRefused(t *testing.T) {
	for _, text := range []string{"~", "~!", "~e30", "~WzFd", "~WyJhIiwxXQ", "~WyJhIixbImIiXV0", "~WyJhIixbImIiLDEsLTFdXQ"} {
		if read, err := Read(text); err == nil {
			t.Errorf("%s is read as %v", text, read)
		}
	}
}

func TestWhatWasGivenIsPassedOverOnce(t *testing.T) {
	given := NewGiven(place)
	for _, each := range []struct {
		id       string
		revision int64
		given    bool
	}{
		{"a", 3, true}, {"b", 1, false}, {"a", 5, true}, {"a", 5, true}, {"a", 5, false},
		{"ü/1", 6, false}, {"ü/1", 4, false},
	} {
		if given.Has(each.id, each.revision) != each.given {
			t.Errorf("%s at %d: not %v", each.id, each.revision, each.given)
		}
	}
}

func TestWhatHasNotComeAgainIsKept(t *testing.T) {
	given := NewGiven(place)
	given.Has("a", 5)
	if left := given.Marks(); !reflect.DeepEqual(left, []Mark{{"a", 5}, {"ü/1", 4}}) {
		t.Errorf("%v are left", left)
	}
}
