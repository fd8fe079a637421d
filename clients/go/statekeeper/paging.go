package statekeeper

import (
	"context"
	"iter"
)

const pageSizeDefault = 100

type pageSizeOption struct {
	option
	forList
	forRevisions
	forPauses
}

// WithPageSize tells how many are fetched at a time, 1 to 1,000; if it is not given, 100. The
// next page is fetched when it is needed.
func WithPageSize(size int) interface {
	ListOption
	RevisionsOption
	PausesOption
} {
	return pageSizeOption{option: func(s *settings) { s.pageSize = &size }}
}

func checkedPageSize(s *settings) (int32, error) {
	if s.pageSize == nil {
		return pageSizeDefault, nil
	}
	return int32(*s.pageSize), checkPageSize(*s.pageSize)
}

// A page is some items of a list, and the token of the next page (empty: it is the last).
type page[T any] struct {
	items []T
	next  string
}

// pages gives the items of all pages of a list, each page fetched when it is needed. Following
// makes the call for the page of a token; empty: the first.
func pages[T any](ctx context.Context, ch *channel, following func(token string) (*call[page[T]], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		token := ""
		for {
			made, err := following(token)
			fetched, err := send(ctx, ch, made, err)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range fetched.items {
				if !yield(item, nil) {
					return
				}
			}
			if token = fetched.next; token == "" {
				return
			}
		}
	}
}

// readAll reads every message of a list.
func readAll[M, T any](messages []M, read func(M) (T, error)) ([]T, error) {
	items := make([]T, 0, len(messages))
	for _, message := range messages {
		item, err := read(message)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}
