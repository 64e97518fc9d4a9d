package caddyparlance

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/place"
)

// openStore is a store in the pool.
type openStore struct {
	store.Store
	place place.Place
}

// Destruct closes the store after its last configuration.
func (s *openStore) Destruct() error { return s.Close() }

// defaultStore is the file of the store if no other is set.
const defaultStore = "parlance.db"

// patience is how long a start waits for a store that does not answer.
const patience = 10 * time.Second

// openStore is the store of the configuration. It is opened by the first directive that needs
// it.
func (a *App) openStore() (*openStore, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.store != nil {
		return a.store, nil
	}
	at := place.Place{Name: filepath.Join(caddy.AppDataDir(), defaultStore), Schema: "parlance"}
	if a.Schema != "" {
		at.Schema = a.Schema
	}
	if a.Store != "" {
		var err error
		if at.Name, err = placeholders("store", a.Store); err != nil {
			return nil, a.at(err)
		}
	}
	s, err := take(&a.shared, at, func() (*openStore, error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		s, err := at.Open(ctx)
		if err != nil {
			return nil, err
		}
		return &openStore{s, at}, nil
	})
	if err != nil {
		return nil, a.at(fmt.Errorf("the store %s cannot be opened: %s", at.Redact(at.Name), at.Redact(err.Error())))
	}
	a.store = s
	return s, nil
}

// at puts the place of the store in the Caddyfile before an error.
func (a *App) at(err error) error {
	if a.Line == "" {
		return err
	}
	return errors.New(a.Line + ": " + err.Error())
}
