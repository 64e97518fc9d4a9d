package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/sqlite"
)

// place is where a server keeps what it keeps: a file of SQLite, or a database of
// PostgreSQL by its URL.
type place struct {
	name   string
	schema string // of PostgreSQL
}

// storeFlags lets a command be told of a place.
func storeFlags(cmd *cobra.Command, p *place, usage string) {
	cmd.Flags().StringVar(&p.name, "store", "", usage)
	cmd.Flags().StringVar(&p.schema, "schema", "parlance", "the `NAME` of the schema, if the store is PostgreSQL")
}

// remote reports that the place is a database of PostgreSQL.
func (p place) remote() bool {
	scheme, _, found := strings.Cut(p.name, "://")
	return found && (scheme == "postgres" || scheme == "postgresql")
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
	if p.remote() {
		return postgres.OpenReadOnly(p.name, postgres.WithSchema(p.schema))
	}
	return sqlite.OpenReadOnly(p.name)
}

// open opens the place to be written to.
func (p place) open(ctx context.Context) (store.Store, error) {
	if p.remote() {
		return postgres.Open(ctx, p.name, postgres.WithSchema(p.schema))
	}
	return sqlite.Open(p.name)
}

// fault is what a user is told of an error of the place: never its password.
func (p place) fault(err error) *mistake {
	m := &mistake{message: "--store: " + err.Error(), hint: "name the SQLite file in which the server keeps its records", cause: err}
	switch {
	case p.remote():
		m.message, m.cause = "--store: "+p.redact(err.Error()), nil
		m.hint = "for example: --store postgres://desk@db.example.com/shop, with the password in PGPASSWORD or ~/.pgpass"
	case errors.Is(err, fs.ErrNotExist):
		m.message = fmt.Sprintf("--store: there is no file %s", p.name)
	}
	return m
}

// redact takes the password of the place out of a text, in every form that it may
// stand in there.
func (p place) redact(text string) string {
	for _, secret := range p.passwords() {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			text = strings.ReplaceAll(text, form, "xxxxx")
		}
		if plain, err := url.PathUnescape(secret); err == nil {
			text = strings.ReplaceAll(text, plain, "xxxxx")
		}
	}
	return text
}

// passwords are those in the URL, as they stand there, of one that cannot be read,
// too.
func (p place) passwords() (all []string) {
	_, rest, _ := strings.Cut(p.name, "://")
	rest, query, _ := strings.Cut(rest, "?")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		if _, password, found := strings.Cut(rest[:at], ":"); found && password != "" {
			all = append(all, password)
		}
	}
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); strings.Contains(name, "password") && value != "" {
			all = append(all, value)
		}
	}
	return all
}
