package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/parallel"
	"github.com/parlance-api/parlance/mock/scenario"
)

// load compiles a dialect of the catalog or of a file, once.
func (a *app) load(nameOrFile string) (*dialect.Dialect, error) {
	if d, ok := a.dialects[nameOrFile]; ok {
		return d, nil
	}
	d, err := catalog.Open(nameOrFile, a.finding()...)
	if err != nil {
		return nil, explainLoad(nameOrFile, err)
	}
	a.dialects[nameOrFile] = d
	return d, nil
}

// loadAll compiles several dialects on all processors. The error is that of the first of
// them that has one.
func (a *app) loadAll(names []string) ([]*dialect.Dialect, error) {
	all, failed := make([]*dialect.Dialect, len(names)), make([]error, len(names))
	parallel.Each(len(names), func(i int) { all[i], failed[i] = catalog.Open(names[i], a.finding()...) })
	for i, name := range names {
		if failed[i] != nil {
			return nil, explainLoad(name, failed[i])
		}
	}
	return all, nil
}

// finding says where dialect files find what they extend.
func (a *app) finding() []catalog.Option {
	if a.extendsRoot == "" {
		return nil
	}
	return []catalog.Option{catalog.Below(a.extendsRoot)}
}

// source is the text of a dialect's file, and the name that diagnostics give it.
func source(nameOrFile string) (file string, text []byte, err error) {
	file, text, err = catalog.Read(nameOrFile)
	return file, text, explainLoad(nameOrFile, err)
}

// explainLoad says what to do about a dialect that could not be loaded.
func explainLoad(nameOrFile string, err error) error {
	var file *dialect.FileError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &file) && scenario.Is(file.Source):
		return &mistake{message: nameOrFile + " is a scenario of a mock, and not a dialect", hint: "parlance mock NAME --scenario " + nameOrFile}
	case errors.As(err, &file):
		return &mistake{
			message: fmt.Sprintf("the dialect file %s has faults", nameOrFile),
			hint:    "parlance lint " + nameOrFile + " shows them all, warnings included",
			cause:   err,
		}
	case !errors.Is(err, catalog.ErrUnknown):
		return &mistake{message: err.Error(), hint: "parlance dialects lists the names that need no file", cause: err}
	}
	if nameOrFile == "" {
		return &mistake{message: "no dialect is named", hint: "name one; " + known, cause: err}
	}
	if _, missing := os.Stat(nameOrFile); missing == nil {
		return &mistake{
			message: fmt.Sprintf("no dialect is called %q", nameOrFile),
			hint:    fmt.Sprintf("to read the file of that name, write ./%s", nameOrFile),
			cause:   err,
		}
	}
	return &mistake{
		message: fmt.Sprintf("no dialect is called %q", nameOrFile),
		hint:    didYouMean(nameOrFile, catalog.Names(), known),
		cause:   err,
	}
}

// known is where the names stand. They are too many to list in a hint.
const known = "parlance dialects lists what there is, and a file is named by its path"

// dialectFlag adds a flag that names a dialect, with completion. What value
// holds is the default.
func dialectFlag(cmd *cobra.Command, value *string, name, use string) {
	cmd.Flags().StringVar(value, name, *value, use+": a `NAME` of the catalog, or a file")
	// The library's only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc(name, completeDialect)
}

// nameFlag says which of several flags the error is about.
func nameFlag(err error, flag string) error {
	return fmt.Errorf("--%s: %w", flag, err)
}

// completeDialect offers the catalog's names, and files after them.
func completeDialect(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return catalog.Names(), cobra.ShellCompDirectiveDefault
}
