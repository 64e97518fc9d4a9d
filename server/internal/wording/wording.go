// Package wording makes the texts of errors. A service can replace the words of a
// middleware here. It also has the sentences that several mechanisms use.
package wording

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// Error is the error of a mechanism with the outcome o. If its Kind is zero, it gets
// the mechanism's own kind and reason.
func Error(o parlance.Outcome, kind parlance.Kind, reason parlance.Reason) *parlance.Error {
	if o.Kind == 0 {
		o.Kind = kind
		if o.Reason == "" {
			o.Reason = reason
		}
	}
	return &parlance.Error{Outcome: o}
}

type key struct{}

// With returns a context in which Apply sets these words; nil sets none.
func With(ctx context.Context, words *parlance.Outcome) context.Context {
	return context.WithValue(ctx, key{}, words)
}

// Apply is an error in the words of the context, if there are any. Its cause stays.
func Apply(ctx context.Context, err error) error {
	words, _ := ctx.Value(key{}).(*parlance.Outcome)
	if words == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return &parlance.Error{Outcome: In(*words, parlance.OutcomeOf(err)), Err: err}
}

// In is an outcome in other words: fields that words sets replace those of o.
func In(words, o parlance.Outcome) parlance.Outcome {
	if words.Kind != 0 {
		o.Kind, o.Reason, o.Status = words.Kind, "", 0
	}
	o.Reason = cmp.Or(words.Reason, o.Reason)
	o.Status = cmp.Or(words.Status, o.Status)
	o.Code = cmp.Or(words.Code, o.Code)
	o.Family = cmp.Or(words.Family, o.Family)
	o.Title = cmp.Or(words.Title, o.Title)
	o.Detail = cmp.Or(words.Detail, o.Detail)
	o.Type = cmp.Or(words.Type, o.Type)
	o.Instance = cmp.Or(words.Instance, o.Instance)
	o.RetryAfter = cmp.Or(words.RetryAfter, o.RetryAfter)
	o.Retryable = cmp.Or(words.Retryable, o.Retryable)
	o.Help = cmp.Or(words.Help, o.Help)
	if words.Fields != nil {
		o.Fields = words.Fields
	}
	return o
}

// Again ends a sentence with the time after which a retry makes sense, if it is known.
// It is the time of the Retry-After field.
func Again(after time.Duration) string {
	if after <= 0 {
		return "."
	}
	n := (after + time.Second - 1) / time.Second
	if n == 1 {
		return ". Retry in 1 second."
	}
	return fmt.Sprintf(". Retry in %d seconds.", n)
}

// Internal says that the server could not handle a request or a record, and names the ID
// under which the log has the cause.
func Internal(d *dialect.Dialect, what string) string {
	return fmt.Sprintf("The %s could not be handled. The cause is in the server's log under the %s.", what, cmp.Or(d.Support().ID, "request ID"))
}
