package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/store"
	where "github.com/parlance-api/parlance/store/place"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/sqlite"
)

// place is where a server keeps what it keeps: a file of SQLite, or a database of
// PostgreSQL by its URL.
type place struct{ where.Place }

// storeFlags lets a command be told of a place.
func storeFlags(cmd *cobra.Command, p *place, usage string) {
	cmd.Flags().StringVar(&p.Name, "store", "", usage)
	cmd.Flags().StringVar(&p.Schema, "schema", "parlance", "the `NAME` of the schema, if the store is PostgreSQL")
}

// look is a look at the records and the queue of a place.
type look interface {
	Find(ctx context.Context, id string) (*activity.Record, error)
	FindCall(ctx context.Context, requestID string) (*activity.Record, error)
	Failures(ctx context.Context, most int) ([]*activity.Record, error)
	Queue() queue.Reader
	Close() error
}

// look opens a look. Nothing is made where nothing is.
func (p place) look() (look, error) {
	if p.Remote() {
		return postgres.OpenReadOnly(p.Name, postgres.WithSchema(p.Schema))
	}
	return sqlite.OpenReadOnly(p.Name)
}

// fault is what a user is told of an error of the place: never its password.
func (p place) fault(err error) *mistake {
	m := &mistake{message: "--store: " + err.Error(), hint: "name the SQLite file in which the server keeps its records", cause: err}
	switch {
	case p.Remote():
		m.message, m.cause = "--store: "+p.Redact(err.Error()), nil
		m.hint = "for example: --store postgres://desk@db.example.com/shop, with the password in PGPASSWORD or ~/.pgpass"
	case errors.Is(err, fs.ErrNotExist):
		m.message = fmt.Sprintf("--store: there is no file %s", p.Name)
	}
	if _, other := errors.AsType[*store.VersionError](err); other {
		m.hint = "use the program that serves the store, or a newer one"
	}
	return m
}
