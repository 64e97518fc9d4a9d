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

// ItemDecision is what the dialect says of one record of a bulk response, as if it
// had been sent alone. It panics where there is no such record.
func (r *Report) ItemDecision(i int) parlance.Decision {
	return r.of.dialect.Decide(r.of.asked(), &r.Outcome.Items[i].Outcome)
}

// Bulk builds the follow-up of a bulk request whose answer is partial: a request
// of just the records that failed. A [Transport] never retries a bulk request
// whole, since some of it is done. The zero value matches by place, writes a JSON
// array, and takes what may be repeated as it is.
type Bulk[T any] struct {
	// ID is the id of a record as the response has it (parlance.Item.ID). It is
	// needed where the response speaks only of some of the records. nil matches by
	// place: the response has as many records as were sent, in their order.
	ID func(T) string

	// Encode makes the body of the follow-up, with the Content-Type of the first
	// request. nil is json.Marshal of the list.
	Encode func([]T) ([]byte, error)

	// Take chooses among the records that failed. nil takes those whose Decision
	// says retry or refresh and that are safe to retry; what is to be corrected
	// is taken by a caller that has corrected it.
	Take func(parlance.Item, parlance.Decision) bool
}

// ErrUnmatched is what FollowUp wraps where it cannot tell which record is which.
var ErrUnmatched = errors.New("client: the response's records cannot be matched with those that were sent")

// FollowUp returns the request for what is left of records, which are those that
// resp answers, in the order sent; and what of them it holds. Both are nil where
// nothing is left. The request has the caller's context, URL and headers; an
// idempotency key is left out, for another body needs another key. When to send
// it is told by the Decision of [ReportOf].
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

// takes reports that a record that failed is part of the follow-up.
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

// resend is the request of the caller with another body.
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
			return nil, fmt.Errorf("%w by their place: it speaks of %d, and %d were sent; give Bulk an ID", ErrUnmatched, len(items), len(records))
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
			return nil, fmt.Errorf("%w: two of those sent have the id %q", ErrUnmatched, id)
		}
		places[id] = i
	}
	seen := make(map[int]bool, len(items))
	for i := range items {
		place, ok := places[items[i].ID]
		switch {
		case !ok:
			return nil, fmt.Errorf("%w: none was sent with the id %q", ErrUnmatched, items[i].ID)
		case seen[place]:
			return nil, fmt.Errorf("%w: the id %q comes twice", ErrUnmatched, items[i].ID)
		}
		at[i], seen[place] = place, true
	}
	return at, nil
}
