// Package catalogtest opens the dialects of the catalog for tests, and reads its recordings. Only tests import it.
package catalogtest

import (
	"sync"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

// compiled are the dialects that a test has opened, by name.
var compiled sync.Map // of func() (*dialect.Dialect, error)

// Open is a dialect of the catalog, or of a file. It is compiled once for all tests of a
// package, and shared by them. A test ends if there is no such dialect.
func Open(t testing.TB, name string) *dialect.Dialect {
	t.Helper()
	open, _ := compiled.LoadOrStore(name, sync.OnceValues(func() (*dialect.Dialect, error) { return catalog.Open(name) }))
	d, err := open.(func() (*dialect.Dialect, error))()
	if err != nil {
		t.Fatal(err)
	}
	return d
}
