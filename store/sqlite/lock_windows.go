package sqlite

import (
	"os"

	"golang.org/x/sys/windows"
)

// lockFile locks a file until it is closed, or says errLocked where it is. The
// byte that is locked is none that is read.
func lockFile(f *os.File) error {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, 1, 0, &windows.Overlapped{Offset: 1 << 30})
	if err == windows.ERROR_LOCK_VIOLATION {
		return errLocked
	}
	return err
}

// unlockFile closes the file, which ends the lock.
func unlockFile(f *os.File) error { return f.Close() }
