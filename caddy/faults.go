package caddyparlance

import (
	"errors"
	"fmt"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/nearest"
)

// faults says what is wrong with a dialect, and shows the place of each fault in its file.
func faults(nameOrFile string, err error) error {
	var file *dialect.FileError
	switch {
	case errors.As(err, &file):
		var b strings.Builder
		fmt.Fprintf(&b, "the dialect file %s has faults", nameOrFile)
		for _, d := range file.Diagnostics {
			if d.Severity != parlance.SeverityError {
				continue
			}
			fmt.Fprintf(&b, "\n%s", d.Error())
			if excerpt := authoring.Excerpt(file.Source, d); excerpt != "" {
				fmt.Fprintf(&b, "\n%s", excerpt)
			}
		}
		return errors.New(b.String())
	case errors.Is(err, catalog.ErrUnknown):
		return errors.New(unknown("dialect", nameOrFile, catalog.Names()))
	}
	return err
}

// unknown says that a name is not known, and which one may have been meant.
func unknown(what, name string, known []string) string {
	message := fmt.Sprintf("no %s is called %q", what, name)
	if meant := nearest.Word(name, known); meant != "" {
		message += fmt.Sprintf("; did you mean %q?", meant)
	}
	return message
}
