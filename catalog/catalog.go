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
// compiled when it is opened. [Open] also opens a file of your own, and [Detect] finds
// the dialect of a response.
package catalog

import (
	"embed"
	"errors"
	"fmt"
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

// named compiles a dialect of the catalog.
func named(name string) (*dialect.Dialect, error) {
	text, err := source(name)
	if err != nil {
		return nil, err
	}
	return dialect.Compile(name+".yaml", text, named)
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
