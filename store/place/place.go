// Package place opens the store that a setting names: a file of SQLite, or a database of
// PostgreSQL by its URL.
package place

import (
	"context"
	"net/url"
	"strings"

	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/sqlite"
)

// Place is a file or a database that a program keeps things in.
type Place struct {
	Name   string // a file, or a URL postgres://…
	Schema string // of PostgreSQL
}

// Remote reports that the place is a database of PostgreSQL.
func (p Place) Remote() bool {
	scheme, _, found := strings.Cut(p.Name, "://")
	return found && (scheme == "postgres" || scheme == "postgresql")
}

// Open opens the place to be written to.
func (p Place) Open(ctx context.Context) (store.Store, error) {
	if p.Remote() {
		return postgres.Open(ctx, p.Name, postgres.WithSchema(p.Schema))
	}
	return sqlite.Open(p.Name)
}

// Redact takes the password of the place out of a text, in every form that it may
// stand in there.
func (p Place) Redact(text string) string {
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
func (p Place) passwords() (all []string) {
	_, rest, _ := strings.Cut(p.Name, "://")
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
