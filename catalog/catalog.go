// Package catalog has ready dialects for well-known APIs: Stripe, GitHub, OpenAI,
// AWS, Kubernetes and more.
//
//	d, err := catalog.Open("stripe")
//	if err != nil {
//		return err // errors.Is(err, catalog.ErrUnknown) for an unknown name
//	}
//	c := &http.Client{Transport: client.New(d)}
//
//	for _, name := range catalog.Names() {
//		fmt.Println(name)
//	}
//
// Each file cites the pages that it was written from. It is embedded, and
// compiled when it is opened. [Detect] finds the dialect of a response, and
// [Load] opens a file of your own.
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

// ErrUnknown is the error, for errors.Is, for a name that is not in the catalog.
var ErrUnknown = errors.New("no such dialect")

// builtin is the dialect that all others extend. Package dialect holds it.
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

// Open compiles the dialect of that name. This takes about a millisecond, so keep
// the result: a Dialect is safe for concurrent use. For an unknown name the error
// is an [ErrUnknown].
func Open(name string) (*dialect.Dialect, error) {
	text, err := source(name)
	if err != nil {
		return nil, err
	}
	return dialect.Compile(name+".yaml", text, Open)
}

// Load is Open for a name. It compiles a file if [IsFile] takes the argument for
// a path.
func Load(nameOrFile string) (*dialect.Dialect, error) {
	file, text, err := Read(nameOrFile)
	if err != nil {
		return nil, err
	}
	return dialect.Compile(file, text, Find(file))
}

// Find returns a Finder for the dialects that a file extends. A name is looked up
// in the catalog. A path begins with . and is relative to the file. Files that
// extend each other in a circle are an error.
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

// Read returns the text of a dialect, and its name for diagnostics. It takes the
// same argument as [Load]. A file must be a regular one of at most
// dialect.MaxSource bytes, since its name may come from a stranger.
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

// IsFile reports whether Load and Read take the argument for a path: it ends in
// .yaml or .yml, or contains a separator.
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
