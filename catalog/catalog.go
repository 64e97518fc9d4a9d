// Package catalog holds the dialect files that ship with Parlance. Each cites
// the pages that it was written from, and is compiled when it is first asked for.
package catalog

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect"
)

//go:embed *.yaml
var files embed.FS

// ErrUnknown is the error, for errors.Is, of a name that is not in the catalog.
var ErrUnknown = errors.New("no such dialect")

// builtin is the dialect on which all others stand; package dialect holds it.
const builtin = "http"

// Names lists the dialects, sorted.
func Names() []string {
	names := []string{builtin}
	entries, err := files.ReadDir(".")
	if err != nil {
		return names // an embedded root is always readable
	}
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(names)
	return names
}

// Open compiles the dialect of that name. Compiling takes about a millisecond;
// a caller that needs one often keeps it, for a Dialect is safe for concurrent
// use. The error of an unknown name is ErrUnknown.
func Open(name string) (*dialect.Dialect, error) {
	text, err := source(name)
	if err != nil {
		return nil, err
	}
	return dialect.Compile(name+".yaml", text, Open)
}

// Load is Open for a name, and reads and compiles a file for what IsFile.
func Load(nameOrFile string) (*dialect.Dialect, error) {
	file, text, err := Read(nameOrFile)
	if err != nil {
		return nil, err
	}
	return dialect.Compile(file, text, Find(file))
}

// Find returns what finds the dialects that a file extends: those of the
// catalog by their name, and others by a path that begins with . and counts
// from the file. Files that extend each other in a ring are an error.
func Find(file string) dialect.Finder { return find(file) }

func find(chain ...string) dialect.Finder {
	return func(name string) (*dialect.Dialect, error) {
		if !strings.HasPrefix(name, ".") {
			return Open(name)
		}
		path := filepath.Join(filepath.Dir(chain[0]), name)
		if slices.ContainsFunc(chain, func(c string) bool { return filepath.Clean(c) == path }) {
			return nil, fmt.Errorf("%s extends itself", path)
		}
		if !IsFile(path) {
			return nil, fmt.Errorf("%w: %q", ErrUnknown, name)
		}
		beside, text, err := Read(path)
		if err != nil {
			return nil, err
		}
		return dialect.Compile(beside, text, find(append([]string{beside}, chain...)...))
	}
}

// Read is the text of a dialect of the catalog, or of a file for what IsFile,
// and the name that diagnostics give it. A file must be a regular one of at most
// spec.MaxSource bytes: a stranger may have named it.
func Read(nameOrFile string) (file string, text []byte, err error) {
	if !IsFile(nameOrFile) {
		text, err = source(nameOrFile)
		return nameOrFile + ".yaml", text, err
	}
	info, err := os.Stat(nameOrFile)
	switch {
	case err != nil:
		return nameOrFile, nil, err
	case !info.Mode().IsRegular():
		return nameOrFile, nil, fmt.Errorf("%s is not a regular file", nameOrFile)
	case info.Size() > dialect.MaxSource:
		return nameOrFile, nil, fmt.Errorf("%s has %d bytes; a dialect file has at most %d", nameOrFile, info.Size(), dialect.MaxSource)
	}
	text, err = os.ReadFile(nameOrFile)
	return nameOrFile, text, err
}

// IsFile reports whether Load and Read take the text for a path: it ends in
// .yaml or .yml, or holds a separator.
func IsFile(nameOrFile string) bool {
	return strings.HasSuffix(nameOrFile, ".yaml") || strings.HasSuffix(nameOrFile, ".yml") || strings.ContainsAny(nameOrFile, `/\`)
}

func source(name string) ([]byte, error) {
	if name == builtin {
		return dialect.HTTP(), nil
	}
	text, err := files.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknown, name)
	}
	return text, nil
}
