package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// contentLock is a byte far behind those that SQLite locks. The lock belongs to the open
// file (fcntl, F_OFD_SETLK), so it does not mix with those of SQLite.
func contentLock(kind int16) *unix.Flock_t {
	return &unix.Flock_t{Type: kind, Start: 1 << 62, Len: 1}
}

// lockContent locks what a file is, by whatever name, until unlockContent or the end of the
// process. The error is errLocked if another process has it.
func lockContent(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	switch err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, contentLock(unix.F_WRLCK)); {
	case err == nil:
		return f, nil
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EACCES):
		return nil, errors.Join(errLocked, f.Close())
	}
	return nil, f.Close() // a file system without such locks
}

// unlockContent ends the lock. A child that is being started may have the file open, too.
func unlockContent(f *os.File) error {
	return errors.Join(unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, contentLock(unix.F_UNLCK)), f.Close())
}

// full reports whether a disk has hardly any space.
func full(folder string) bool {
	var s unix.Statfs_t
	return unix.Statfs(folder, &s) == nil && s.Bavail*uint64(s.Bsize) < 1<<20
}
