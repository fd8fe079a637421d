package statekeeper

import (
	"context"
	"iter"
	"time"

	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
)

type listOption struct {
	option
	forList
}

// WithStatus lists what has one of these statuses; if it is not given, any.
func WithStatus(statuses ...Status) ListOption {
	return listOption{option: func(s *settings) { s.statuses = append(s.statuses, statuses...) }}
}

// WithLabels lists what has these labels, with these values.
func WithLabels(labels map[string]string) ListOption {
	return listOption{option: func(s *settings) { s.labels = labels }}
}

// WithUpdatedAfter lists what was last written after this moment, in any order.
func WithUpdatedAfter(moment time.Time) ListOption {
	return listOption{option: func(s *settings) { s.updatedAfter = moment }}
}

type idPrefixOption struct {
	option
	forList
	forNamespaceWatch
}

// WithIDPrefix is for the executions whose ids begin so.
func WithIDPrefix(prefix string) interface {
	ListOption
	NamespaceWatchOption
} {
	return idPrefixOption{option: func(s *settings) { s.idPrefix = prefix }}
}

// List gives the executions of a namespace that are what is asked for, in the order of their
// ids. One that exists all the while, and is what is asked for all the while, is given once,
// whatever else changes meanwhile.
//
// It takes [WithNamespace], [WithStatus], [WithLabels], [WithIDPrefix], [WithUpdatedAfter],
// [WithFields] and [WithPageSize].
//
// It fails with a [RevisionCompactedError] with [WithUpdatedAfter], when the next page is
// fetched a day or so later. Begin again.
func (c *Client) List(ctx context.Context, options ...ListOption) iter.Seq2[*State, error] {
	s := gathered(options)
	return pages(ctx, c.channel, func(token string) (*call[page[*State]], error) {
		return listCall(s, token)
	})
}

func listCall(s *settings, token string) (*call[page[*State]], error) {
	request, err := listRequest(s)
	if err != nil {
		return nil, err
	}
	request.PageToken = token
	response := &pb.ListResponse{}
	at := execution{namespace: request.Namespace}
	return plainCall(at, rpcList, request, response, func() (page[*State], error) {
		states, err := readAll(response.GetExecutions(), func(found *pb.Execution) (*State, error) {
			return readExecution(found, len(s.fields) > 0)
		})
		return page[*State]{states, response.GetNextPageToken()}, err
	}), nil
}

func listRequest(s *settings) (*pb.ListRequest, error) {
	request := &pb.ListRequest{IdPrefix: s.idPrefix, Fields: s.fields}
	var err error
	if request.Namespace, err = checkedNamespace(s); err != nil {
		return nil, err
	}
	if err := checkText("id_prefix", s.idPrefix); err != nil {
		return nil, err
	}
	if err := checkTexts("fields", s.fields); err != nil {
		return nil, err
	}
	for _, status := range s.statuses {
		number, err := writeStatus("status", status)
		if err != nil {
			return nil, err
		}
		request.Statuses = append(request.Statuses, number)
	}
	if request.Labels, err = writeLabels(s.labels); err != nil {
		return nil, err
	}
	if request.UpdatedAfter, err = writeTime("updated_after", s.updatedAfter); err != nil {
		return nil, err
	}
	request.PageSize, err = checkedPageSize(s)
	return request, err
}
