package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/draft"
	"github.com/parlance-api/parlance/internal/rawhttp"
)

func (a *app) newCommand() *cobra.Command {
	var from []string
	var method, path string
	var schema bool
	cmd := &cobra.Command{
		Use:   "new NAME --from FILE|-",
		Short: "Draft a dialect file from recorded responses",
		Long: `Writes a first dialect file for an API from one or more of its responses, as curl -i
prints them. From names and values it guesses which member is the message, the code,
the request ID or the list of bad inputs. The responses become samples with the
outcome that the file reads, so that parlance lint checks them from the start.

The draft is not finished. A comment "guess:" marks each guess, and "todo:" marks what
the responses do not say. Compare these lines with the vendor's pages, correct them,
and remove the comments. parlance lint warns of each that is left.`,
		Example: `  curl -i https://api.example.com/nothing | parlance new my-api --from - > my-api.yaml
  parlance new my-api --from 404.txt --from 422.txt --from 429.txt > my-api.yaml`,
		Args: arguments(1, 1, "the name of the dialect"),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(from) == 0 {
				return &mistake{message: "--from is missing", hint: "--from - reads one from standard input, --from FILE from a file"}
			}
			var all []draft.Recorded
			for _, file := range from {
				r, err := a.recorded(file)
				if err != nil {
					return fmt.Errorf("--from: %w", err)
				}
				r.Method, r.Path = method, path
				all = append(all, r)
			}
			text, err := draft.File(args[0], all...)
			var faults *dialect.FileError
			if errors.As(err, &faults) {
				return &mistake{message: fmt.Sprintf("%q cannot be the name of a dialect", args[0]), hint: "use lower-case letters, digits and hyphens"}
			}
			if err != nil {
				return err
			}
			if schema {
				fmt.Fprintln(a.stdout, schemaComment)
			}
			_, err = a.stdout.Write(text)
			return err
		},
	}
	cmd.Flags().StringArrayVar(&from, "from", nil, "a `FILE` with a response, - for standard input; may be given several times")
	cmd.Flags().StringVar(&method, "method", "", "the `METHOD` of the requests")
	cmd.Flags().StringVar(&path, "path", "", "the `PATH` of the requests")
	cmd.Flags().BoolVar(&schema, "schema-comment", false, "begin with the line that tells editors the schema")
	return cmd
}

// recorded reads one response from a file, or from standard input.
func (a *app) recorded(file string) (draft.Recorded, error) {
	var text []byte
	var err error
	if file == "-" {
		text, err = a.input("the response")
		file = "standard input"
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return draft.Recorded{}, &mistake{message: err.Error(), hint: "--from takes a file that holds what curl -i prints, or -", cause: err}
	}
	raw, err := rawhttp.Parse(text)
	if err != nil {
		return draft.Recorded{}, fmt.Errorf("%s is not a response: %w", file, err)
	}
	return draft.Recorded{Status: raw.Status, Header: dialect.HeaderMap(raw.Header), Body: raw.Body}, nil
}
