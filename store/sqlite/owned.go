package sqlite

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
)

// owned is a file that this process owns, by what it is and not by its name: two names
// may be hard links to one file.
type owned struct {
	info os.FileInfo
	lock *os.File // for other processes; nil if the system has no such lock
}

// all are those of this process. It must not open one of them again: to close a file
// ends the locks that SQLite has on it.
var all struct {
	sync.Mutex
	files []*owned
}

// ownFile makes this process the one that owns a file.
func ownFile(path string) (*owned, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	all.Lock()
	defer all.Unlock()
	if slices.ContainsFunc(all.files, func(o *owned) bool { return os.SameFile(o.info, info) }) {
		return nil, fmt.Errorf("process %d has it open by another name: one process owns the file; use that name, or give this one a file of its own", os.Getpid())
	}
	o := &owned{info: info}
	switch o.lock, err = lockContent(path); {
	case errors.Is(err, errLocked):
		return nil, errors.New("another process has it open by another name: one process owns the file; stop that one, or give this one a file of its own")
	case err != nil:
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	all.files = append(all.files, o)
	return o, nil
}

// release gives the file up. SQLite has closed it.
func (o *owned) release() error {
	all.Lock()
	defer all.Unlock()
	all.files = slices.DeleteFunc(all.files, func(other *owned) bool { return other == o })
	if o.lock == nil {
		return nil
	}
	return unlockContent(o.lock)
}
