package sqlite

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// lock makes this process the one that owns the database: claims of idempotency
// keys live in its memory, and another process would not know them. The lock is
// the system's, on a file beside the database, and ends with the process however
// that ends. The file stays: to delete it would let two hold it.
func lock(path string) (*os.File, error) {
	name := path + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		defer f.Close()
		if !errors.Is(err, errLocked) {
			return nil, fmt.Errorf("locking %s: %w", name, err)
		}
		owner := "another process"
		text := make([]byte, 20)
		n, _ := f.ReadAt(text, 0)
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n]))); err == nil {
			owner = fmt.Sprintf("process %d", pid)
		}
		return nil, fmt.Errorf("%s has it open: one process owns the file; stop that one, or give this one a file of its own", owner)
	}
	f.Truncate(0) // the id is a help to people: without it the lock is as good
	f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return f, nil
}

var errLocked = errors.New("locked")
