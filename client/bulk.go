package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/parlance-api/parlance"
)

// ItemDecision is the Decision on one record of a bulk response, as if the record
// had been sent alone. It panics if there is no such record.
func (r *Report) ItemDecision(i int) parlance.Decision {
	return r.of.dialect.Decide(r.of.asked(), &r.Outcome.Items[i].Outcome)
}

// Bulk builds the follow-up of a bulk request whose response is partial: a
// request of just the records that failed. A [Transport] never retries a bulk
// request as a whole, since some of it succeeded. The zero value matches records
// by position, writes a JSON array, and takes the records that may be retried
// unchanged.
type Bulk[T any] struct {
	// ID is the ID of a record as the response has it (parlance.Item.ID). It is
	// needed if the response lists only some of the records. nil matches by
	// position: the response has as many records as were sent, in their order.
	ID func(T) string

	// Encode makes the body of the follow-up, with the Content-Type of the first
	// request. nil is json.Marshal of the list.
	Encode func([]T) ([]byte, error)

	// Take chooses among the records that failed. nil takes those whose Decision
	// is retry or refresh and that are safe to retry. A record that must be
	// corrected is for a Take of the caller that corrected it.
	Take func(parlance.Item, parlance.Decision) bool
}

// ErrUnmatched is wrapped by FollowUp's error if it cannot tell which record is
// which.
var ErrUnmatched = errors.New("client: the response's records cannot be matched with those that were sent")

// FollowUp returns the request for the records that are left, and those records.
// records are the ones that were sent, in their order, and resp is the response
// to them. Both results are nil if no record is left.
//
// The request has the caller's context, URL and headers. It has no idempotency
// key, since another body needs another key. The Decision of [ReportOf] says when
// to send it.
func (b Bulk[T]) FollowUp(resp *http.Response, records []T) (*http.Request, []T, error) {
	r, ok := ReportOf(resp)
	if !ok {
		return nil, nil, ErrForeign
	}
	at, err := b.match(r, records)
	if err != nil {
		return nil, nil, err
	}
	var rest []T
	for i, it := range r.Outcome.Items {
		if it.Outcome.Kind.Failing() && b.takes(it, r.ItemDecision(i)) {
			rest = append(rest, records[at[i]])
		}
	}
	if len(rest) == 0 {
		return nil, nil, nil
	}
	body, err := b.encode(rest)
	if err != nil {
		return nil, nil, fmt.Errorf("client: the follow-up: %w", err)
	}
	req, err := r.resend(body)
	if err != nil {
		return nil, nil, err
	}
	return req, rest, nil
}

// takes reports that a failed record is part of the follow-up.
func (b Bulk[T]) takes(it parlance.Item, d parlance.Decision) bool {
	if b.Take != nil {
		return b.Take(it, d)
	}
	return d.RetrySafe && (d.Act == parlance.ActRetry || d.Act == parlance.ActRefresh)
}

func (b Bulk[T]) encode(rest []T) ([]byte, error) {
	if b.Encode != nil {
		return b.Encode(rest)
	}
	return json.Marshal(rest)
}

// resend is the caller's request with another body.
func (r *Report) resend(body []byte) (*http.Request, error) {
	asked := r.of.req
	ctx := asked.Context()
	if c := CallOf(ctx); c.Key != "" {
		c.Key = "" // of another body
		ctx = WithCall(ctx, c)
	}
	if asked.Response != nil { // a redirect led away from home, and so the follow-up goes
		ctx = context.WithValue(ctx, originKey{}, homeOf(asked))
	}
	req, err := http.NewRequestWithContext(ctx, asked.Method, asked.URL.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Host, req.Header = asked.Host, asked.Header.Clone()
	for _, name := range [...]string{"Content-Length", "Content-Encoding", "Idempotency-Key", "X-Idempotency-Key", r.of.dialect.IdempotencyHeader()} {
		req.Header.Del(name)
	}
	return req, nil
}

// match finds the record of each item.
func (b Bulk[T]) match(r *Report, records []T) ([]int, error) {
	items := r.Outcome.Items
	at := make([]int, len(items))
	if b.ID == nil {
		if len(items) != len(records) {
			return nil, fmt.Errorf("%w by position: it lists %d, and %d were sent; set Bulk.ID", ErrUnmatched, len(items), len(records))
		}
		for i := range items {
			at[i] = i
		}
		return at, nil
	}
	places := make(map[string]int, len(records))
	for i, rec := range records {
		id := b.ID(rec)
		if _, twice := places[id]; twice {
			return nil, fmt.Errorf("%w: two records that were sent have the ID %q", ErrUnmatched, id)
		}
		places[id] = i
	}
	seen := make(map[int]bool, len(items))
	for i := range items {
		place, ok := places[items[i].ID]
		switch {
		case !ok:
			return nil, fmt.Errorf("%w: no record was sent with the ID %q", ErrUnmatched, items[i].ID)
		case seen[place]:
			return nil, fmt.Errorf("%w: the ID %q occurs twice in the response", ErrUnmatched, items[i].ID)
		}
		at[i], seen[place] = place, true
	}
	return at, nil
}
