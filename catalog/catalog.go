// Package catalog holds the dialect files that ship with Parlance. Each cites
// the pages that it was written from, and is compiled when it is first asked for.
package catalog

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect"
)

//go:embed *.yaml
var files embed.FS

// ErrUnknown is the error, for errors.Is, of a name that is not in the catalogue.
var ErrUnknown = errors.New("no such dialect")

// Names lists the dialects, sorted.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil // an embedded root is always readable
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(names)
	return names
}

// Source is the text of a dialect's file.
func Source(name string) ([]byte, error) {
	text, err := files.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknown, name)
	}
	return text, nil
}

// Open compiles the dialect of that name. Compiling takes under a millisecond;
// a caller that needs one often keeps it, for a Dialect is safe for concurrent
// use.
func Open(name string) (*dialect.Dialect, error) {
	text, err := Source(name)
	if err != nil {
		return nil, err
	}
	return dialect.Compile(name+".yaml", text)
}

// Load is Open for a name, and reads and compiles a file for what ends in .yaml
// or .yml or holds a path separator.
func Load(nameOrFile string) (*dialect.Dialect, error) {
	if !IsFile(nameOrFile) {
		return Open(nameOrFile)
	}
	text, err := os.ReadFile(nameOrFile)
	if err != nil {
		return nil, err
	}
	return dialect.Compile(nameOrFile, text)
}

// IsFile reports whether Load takes the text for a path.
func IsFile(nameOrFile string) bool {
	return strings.HasSuffix(nameOrFile, ".yaml") || strings.HasSuffix(nameOrFile, ".yml") || strings.ContainsAny(nameOrFile, `/\`)
}
