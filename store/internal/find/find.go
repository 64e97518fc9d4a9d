// Package find has the part of a search for activity records that is the same in every
// database.
package find

import (
	"fmt"
	"iter"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/internal/jsontext"
)

// Records are what a query found. An error is the last one.
type Records = iter.Seq2[*activity.Record, error]

// Rows are the rows of a result.
type Rows interface {
	Next() bool
	Err() error
}

// Each yields the records of rows. read reads the record of the row that is next, and
// failed makes the error of a query.
func Each(rows Rows, read func() (*activity.Record, error), failed func(error) error) Records {
	return func(yield func(*activity.Record, error) bool) {
		for rows.Next() {
			r, err := read()
			if !yield(r, err) || err != nil {
				return
			}
		}
		if err := failed(rows.Err()); err != nil {
			yield(nil, err)
		}
	}
}

// All are the records.
func All(records Records) (all []*activity.Record, err error) {
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// Call is the first of the records that has the request ID of another service. store is the
// name for its errors.
func Call(store, requestID string, records Records) (*activity.Record, error) {
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		if r.Names(requestID) {
			return r, nil
		}
	}
	return nil, fmt.Errorf("%s: no activity with a call %q: %w", store, requestID, parlance.ErrNotFound)
}

// Inside is a text as it stands within a text of JSON.
func Inside(text string) (string, error) {
	inside, err := jsontext.Marshal(text)
	if err != nil {
		return "", err
	}
	return string(inside[1 : len(inside)-1]), nil
}

// Failing are the names of the kinds that failed.
func Failing() (all []string) {
	for _, k := range parlance.Kinds() {
		if k.Failing() {
			all = append(all, k.String())
		}
	}
	return all
}
