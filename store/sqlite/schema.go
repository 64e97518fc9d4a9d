package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"

	"github.com/parlance-api/parlance/store"
)

// migrations are what made the tables, one file for each version of them. A file
// that was released is never changed: a new one is added.
//
//go:embed schema
var migrations embed.FS

// migrate brings the tables to the version of this program. It is one transaction
// that nobody else can write beside, so that of several that open at once one does
// it. The version stands in a table, since user_version is the program's whose
// tables stand beside ours.
func migrate(ctx context.Context, conn *sql.Conn) (err error) {
	files, err := migrations.ReadDir("schema")
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			conn.ExecContext(ctx, "ROLLBACK")
		}
	}()
	if _, err := conn.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS parlance_schema (version INTEGER NOT NULL)"); err != nil {
		return err
	}
	var version int
	if err := conn.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM parlance_schema").Scan(&version); err != nil {
		return err
	}
	if version > len(files) {
		return &store.VersionError{Tables: version, Program: len(files)}
	}
	for _, file := range files[version:] {
		text, err := migrations.ReadFile("schema/" + file.Name())
		if err != nil {
			return err
		}
		version++
		if _, err := conn.ExecContext(ctx, string(text)); err != nil {
			return fmt.Errorf("%s: %w", file.Name(), err)
		}
		if _, err := conn.ExecContext(ctx, "INSERT INTO parlance_schema VALUES (?)", version); err != nil {
			return err
		}
	}
	_, err = conn.ExecContext(ctx, "COMMIT")
	return err
}

// versions are that of the tables, 0 if there are none, and that of this program.
func versions(ctx context.Context, db *sql.DB) (tables, known int) {
	files, _ := migrations.ReadDir("schema")
	if db.QueryRowContext(ctx, "SELECT max(version) FROM parlance_schema").Scan(&tables) != nil {
		tables = 0
	}
	return tables, len(files)
}
