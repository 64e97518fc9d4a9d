package postgres

import (
	"context"
	"embed"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/parlance-api/parlance/store"
)

// migrations are what made the tables, one file for each version of them. A file
// that was released is never changed: a new one is added, and since replicas are
// replaced one by one, it leaves the program before it able to work.
//
//go:embed schema
var migrations embed.FS

// notNewer refuses tables that a newer program made. A role that may not read their version
// can read the others.
func (s *Store) notNewer(ctx context.Context, c *pgx.Conn) error {
	files, err := migrations.ReadDir("schema")
	if err != nil {
		return err
	}
	var version int
	if c.QueryRow(ctx, s.sql("SELECT max(version) FROM parlance.version")).Scan(&version) == nil && version > len(files) {
		return &store.VersionError{Tables: version, Program: len(files)}
	}
	return nil
}

// migrate brings the tables to the version of this program. Of several that open
// at once one does it, and the others wait for it.
func (s *Store) migrate(ctx context.Context, c *pgx.Conn) error {
	files, err := migrations.ReadDir("schema")
	if err != nil {
		return err
	}
	return pgx.BeginTxFunc(ctx, c, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		// Another may need its time to make them; who opens the store says how long he waits.
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = 0"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1, $2)", lockSchema, lockOf(s.schema)); err != nil {
			return err
		}
		// To create what is there needs a right that the program may not have.
		var there, versioned bool
		err := tx.QueryRow(ctx, "SELECT to_regnamespace($1) IS NOT NULL, to_regclass($1 || '.version') IS NOT NULL", s.quoted()).Scan(&there, &versioned)
		if err != nil {
			return err
		}
		if !there {
			if _, err := tx.Exec(ctx, "CREATE SCHEMA "+s.quoted()); err != nil {
				return err
			}
		}
		if !versioned {
			if _, err := tx.Exec(ctx, s.sql("CREATE TABLE parlance.version (version integer NOT NULL)")); err != nil {
				return err
			}
		}
		var version int
		if err := tx.QueryRow(ctx, s.sql("SELECT coalesce(max(version), 0) FROM parlance.version")).Scan(&version); err != nil {
			return err
		}
		if version > len(files) {
			return &store.VersionError{Tables: version, Program: len(files)}
		}
		for version < len(files) {
			version++
			text, err := migrations.ReadFile(fmt.Sprintf("schema/%d.sql", version))
			if err != nil {
				return err
			}
			// Without arguments it may be several statements.
			if _, err := tx.Exec(ctx, s.sql(string(text)), pgx.QueryExecModeSimpleProtocol); err != nil {
				return fmt.Errorf("version %d of the tables: %w", version, err)
			}
			if _, err := tx.Exec(ctx, s.sql("INSERT INTO parlance.version VALUES ($1)"), version); err != nil {
				return err
			}
		}
		return nil
	})
}
