package store

import "fmt"

// VersionError reports that tables have another version than the program knows. The engine
// wraps it.
type VersionError struct {
	Tables  int // their version
	Program int // the version that the program knows
}

func (e *VersionError) Error() string {
	if e.Tables > e.Program {
		return fmt.Sprintf("its tables have version %d, and this program supports up to %d: run a newer program", e.Tables, e.Program)
	}
	return fmt.Sprintf("its tables have version %d, and this program reads version %d: open it with this program to write, or read it with the older one", e.Tables, e.Program)
}
