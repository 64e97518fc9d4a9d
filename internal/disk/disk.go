// Package disk makes a small disk, for tests on a full one.
package disk

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Disk is a small one, mounted on a folder until the test ends.
type Disk struct {
	Folder string
	t      testing.TB
}

// Small mounts a disk of so many bytes, in memory. Only root may do so, and only on
// Linux; any other test is skipped.
func Small(t testing.TB, bytes int) *Disk {
	t.Helper()
	d := &Disk{Folder: t.TempDir(), t: t}
	if err := mount(d.Folder, bytes); err != nil {
		t.Skip("disk: a full disk is tested as root on Linux, where one can be mounted: ", err)
	}
	t.Cleanup(func() { // before the folder is deleted
		if err := unmount(d.Folder); err != nil {
			t.Error("disk: ", err)
		}
	})
	return d
}

// Fill takes all the space that is left.
func (d *Disk) Fill() {
	d.t.Helper()
	f, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal("disk: ", err)
	}
	defer f.Close()
	for size := 1 << 16; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			d.t.Fatal("disk: ", err)
		}
	}
}

// Free gives back what Fill took.
func (d *Disk) Free() {
	d.t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		d.t.Fatal("disk: ", err)
	}
}

// Spare gives back some bytes of the space that Fill took.
func (d *Disk) Spare(bytes int64) {
	d.t.Helper()
	info, err := os.Stat(d.ballast())
	if err == nil {
		err = os.Truncate(d.ballast(), max(0, info.Size()-bytes))
	}
	if err != nil {
		d.t.Fatal("disk: ", err)
	}
}

func (d *Disk) ballast() string { return filepath.Join(d.Folder, "ballast") }
