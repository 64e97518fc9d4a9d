package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/parlance-api/parlance"
)

var errClosed = fmt.Errorf("sqlite: the store is closed: %w", parlance.ErrUnavailable)

const diskFull = "the disk is full: free some space"

// explainOpening is explain for a file that could not be opened. On a full disk SQLite
// fails in other ways than when it writes, since it makes files beside it.
func explainOpening(path string, err error) error {
	var e *driver.Error
	if errors.Is(err, syscall.ENOSPC) || errors.As(err, &e) && (e.Code()&0xff == lib.SQLITE_IOERR || e.Code()&0xff == lib.SQLITE_CANTOPEN) && full(filepath.Dir(path)) {
		return fmt.Errorf("sqlite: %s: %w: %w", diskFull, parlance.ErrUnavailable, err)
	}
	return explain(err)
}

// explain makes of an error of SQLite that is no fault of the statement one that
// wraps parlance.ErrUnavailable and says what to do.
func explain(err error) error {
	if err == nil {
		return nil
	}
	var e *driver.Error
	if !errors.As(err, &e) || errors.Is(err, parlance.ErrUnavailable) {
		return err
	}
	var what string
	switch e.Code() & 0xff { // without what extends it
	case lib.SQLITE_FULL:
		what = diskFull
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		what = "another process keeps writing to the file: stop it"
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		what = "the file is damaged or is not a database: restore it from a backup, or move it and the files beside it away to start with a new one"
	case lib.SQLITE_CANTOPEN, lib.SQLITE_PERM, lib.SQLITE_READONLY:
		what = "the file cannot be opened for writing: check its directory and the permissions"
	case lib.SQLITE_IOERR:
		what = "the disk failed: check the system's log"
	case lib.SQLITE_NOMEM:
		what = "there is no memory left"
	default:
		return err
	}
	return fmt.Errorf("sqlite: %s: %w: %w", what, parlance.ErrUnavailable, err)
}
