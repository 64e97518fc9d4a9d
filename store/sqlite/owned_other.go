//go:build !linux

package sqlite

import "os"

// lockContent locks nothing: the lock beside the file is by its name.
func lockContent(string) (*os.File, error) { return nil, nil }

func unlockContent(f *os.File) error { return f.Close() }

// full is not known.
func full(string) bool { return false }
