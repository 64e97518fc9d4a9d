package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/draft"
	"github.com/parlance-api/parlance/draft/airbyte"
	"github.com/parlance-api/parlance/draft/oas"
	"github.com/parlance-api/parlance/internal/rawhttp"
	"github.com/parlance-api/parlance/openapi"
)

// importing is what all ways to draft a file have in common.
type importing struct {
	name, out string
	schema    bool
}

func (i *importing) flags(cmd *cobra.Command, named bool) {
	if named {
		cmd.Flags().StringVar(&i.name, "name", "", "the `NAME` of the dialect; without it, it is made from the source")
	}
	cmd.Flags().StringVarP(&i.out, "output", "o", "", "write into `FILE`, and not to standard output; a file that is there is kept")
	cmd.Flags().BoolVar(&i.schema, "schema-comment", false, "begin with the line that tells editors the schema")
}

const importMarks = `The draft is not finished. A comment "guess:" marks each guess, and "todo:" marks what
the source does not say. Compare these lines with the vendor's pages, correct them,
and remove the comments. parlance lint warns of each that is left.`

func (a *app) importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Draft a dialect file from responses, OpenAPI, HAR or an Airbyte manifest",
		Long: `Writes a first dialect file for an API from what there is of it: recorded responses, an
OpenAPI document, an HTTP Archive of a browser or a proxy, or a low-code manifest of
Airbyte.

` + importMarks,
		Example: `  curl -i https://api.example.com/nothing | parlance import responses my-api --from - > my-api.yaml
  parlance import openapi openapi.yaml -o my-api.yaml
  parlance import har session.har --name my-api
  parlance import airbyte manifest.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args)
		},
	}
	cmd.AddCommand(a.importResponsesCommand(), a.importOpenAPICommand(), a.importHARCommand(), a.importAirbyteCommand())
	return cmd
}

func (a *app) importResponsesCommand() *cobra.Command {
	var from []string
	var method, path string
	var i importing
	cmd := &cobra.Command{
		Use:   "responses NAME --from FILE|-",
		Short: "Draft a dialect file from recorded responses",
		Long: `Writes a first dialect file for an API from one or more of its responses, as curl -i
prints them. From names and values it guesses which member is the message, the code,
the request ID or the list of bad inputs. The responses become samples with the
outcome that the file reads, so that parlance lint checks them from the start.

` + importMarks,
		Example: `  curl -i https://api.example.com/nothing | parlance import responses my-api --from - > my-api.yaml
  parlance import responses my-api --from 404.txt --from 422.txt --from 429.txt > my-api.yaml`,
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
			i.name = args[0]
			text, err := draft.File(i.name, all...)
			return a.imported(&i, text, err)
		},
	}
	cmd.Flags().StringArrayVar(&from, "from", nil, "a `FILE` with a response, - for standard input; may be given several times")
	cmd.Flags().StringVar(&method, "method", "", "the `METHOD` of the requests")
	cmd.Flags().StringVar(&path, "path", "", "the `PATH` of the requests")
	i.flags(cmd, false)
	return cmd
}

func (a *app) importOpenAPICommand() *cobra.Command {
	var i importing
	cmd := &cobra.Command{
		Use:   "openapi SPEC",
		Short: "Draft a dialect file from an OpenAPI document",
		Long: `Writes a first dialect file from an OpenAPI document (3.0 to 3.2, YAML or JSON). Its
statuses and the enums of its codes become rows, its error schemas and examples become
shapes. A required member gets a "!". Header fields for waits, limits and request IDs are
found, and the security schemes become auth.

` + importMarks,
		Example: `  parlance import openapi openapi.yaml -o my-api.yaml
  parlance import openapi openapi.json --name my-api`,
		Args: arguments(1, 1, "an OpenAPI document"),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := limited(args[0], openapi.MaxSource, anOpenAPI)
			if err != nil {
				return err
			}
			tree, err := openapi.ReadTree(args[0], text)
			var faulty *dialect.FileError
			if errors.As(err, &faulty) {
				a.report(a.stderr, text, faulty.Diagnostics)
				return &mistake{message: fmt.Sprintf("the document %s cannot be used", args[0]), hint: "correct the errors above; the warnings do not matter here"}
			}
			if err != nil {
				return err
			}
			a.report(a.stderr, text, tree.Warnings())
			d := oas.Describe(tree)
			if i.name == "" {
				i.name = draft.NameOf(d.Title, args[0])
			}
			file, err := draft.FromDescription(i.name, d)
			return a.imported(&i, file, err)
		},
	}
	i.flags(cmd, true)
	return cmd
}

func (a *app) importHARCommand() *cobra.Command {
	var i importing
	cmd := &cobra.Command{
		Use:   "har FILE",
		Short: "Draft a dialect file from an HTTP Archive",
		Long: `Writes a first dialect file from the failures in an HTTP Archive (HAR), as browsers and
proxies save it: responses with a failing status, and those that have the mark of a
failure under a good status. It reads one entry at a time. A file that is cut off is used
as far as it goes, and that is said. Requests and credentials are not put into the draft.

` + importMarks,
		Example: `  parlance import har session.har --name my-api -o my-api.yaml`,
		Args:    arguments(1, 1, "an HTTP Archive"),
		RunE: func(_ *cobra.Command, args []string) error {
			all, err := a.failuresOf(args[0])
			if err != nil {
				return err
			}
			if len(all) == 0 {
				return &mistake{message: fmt.Sprintf("no response in %s tells of a failure", args[0]), hint: "record a session in which something fails"}
			}
			if i.name == "" {
				i.name = draft.NameOf("", args[0])
			}
			text, err := draft.File(i.name, all...)
			return a.imported(&i, text, err)
		},
	}
	i.flags(cmd, true)
	return cmd
}

func (a *app) importAirbyteCommand() *cobra.Command {
	var i importing
	cmd := &cobra.Command{
		Use:   "airbyte MANIFEST",
		Short: "Draft a dialect file from a low-code manifest of Airbyte",
		Long: `Writes a first dialect file from the error handlers of an Airbyte manifest: its response
filters become rows and shapes, and its backoff strategies become the retry of rows.
$ref and $parameters are followed. A template that cannot be evaluated stays as a
comment, and that is said.

` + importMarks,
		Example: `  parlance import airbyte manifest.yaml -o my-api.yaml`,
		Args:    arguments(1, 1, "a manifest"),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := limited(args[0], airbyte.MaxSource, "a manifest in YAML")
			if err != nil {
				return err
			}
			if i.name == "" {
				dir, _ := filepath.Abs(filepath.Dir(args[0]))
				i.name = draft.NameOf("", strings.TrimPrefix(filepath.Base(dir), "source-"))
			}
			file, told, err := airbyte.File(i.name, args[0], text)
			for _, t := range told {
				fmt.Fprintln(a.stderr, printable(t))
			}
			return a.imported(&i, file, err)
		},
	}
	i.flags(cmd, true)
	return cmd
}

// imported writes a draft, or says why there is none.
func (a *app) imported(i *importing, text []byte, err error) error {
	var faults *dialect.FileError
	switch {
	case errors.As(err, &faults):
		return &mistake{message: fmt.Sprintf("%q cannot be the name of a dialect", i.name), hint: "use lower-case letters, digits and hyphens"}
	case errors.Is(err, draft.ErrNothing):
		return &mistake{message: err.Error(), hint: "parlance import responses drafts from recorded responses", cause: err}
	case err != nil:
		return err
	}
	if i.schema {
		text = append([]byte(schemaComment+"\n"), text...)
	}
	if i.out == "" {
		_, err = a.stdout.Write(text)
		return err
	}
	file, err := os.OpenFile(i.out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return &mistake{message: cannotWrite(i.out, err), hint: "name a file that is not there yet, in a folder where you may write", cause: err}
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// limited reads a file up to a length, and one byte more of a longer one.
func limited(name string, most int, what string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, &mistake{message: err.Error(), hint: "name " + what, cause: err}
	}
	defer file.Close()
	var text bytes.Buffer
	if info, err := file.Stat(); err == nil {
		text.Grow(int(min(info.Size(), int64(most))) + bytes.MinRead)
	}
	if _, err := text.ReadFrom(io.LimitReader(file, int64(most)+1)); err != nil {
		return nil, &mistake{message: err.Error(), hint: "name " + what, cause: err}
	}
	return text.Bytes(), nil
}

// maxArchived is how many responses of an archive are drafted from. Those after them look
// like them.
const maxArchived = 40

// failuresOf are the failures of an archive: of each status at each path the first one.
func (a *app) failuresOf(name string) (all []draft.Recorded, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, &mistake{message: err.Error(), hint: "name an HTTP Archive", cause: err}
	}
	defer file.Close()
	seen, left := map[string]bool{}, 0
	for x, err := range check.HAR(file, name) {
		var cut *check.CutError
		var line *check.LineError
		switch {
		case errors.As(err, &cut):
			fmt.Fprintf(a.stderr, "parlance: %v\n", err)
			continue
		case errors.As(err, &line):
			fmt.Fprintf(a.stderr, "parlance: %v; it is left out\n", err)
			continue
		case err != nil:
			return nil, &mistake{message: err.Error(), hint: "save the session as HAR again", cause: err}
		}
		r := draft.Recorded{Method: x.Request.Method, Path: x.Request.Path, Status: x.Response.Status, Body: x.Response.Body}
		r.Header, _ = x.Response.Header.(dialect.HeaderMap)
		key := fmt.Sprint(r.Status, r.Method, r.Path)
		if !r.Fails() || seen[key] {
			continue
		}
		if seen[key] = true; len(all) == maxArchived {
			left++
			continue
		}
		all = append(all, r)
	}
	if left > 0 {
		fmt.Fprintf(a.stderr, "parlance: the draft is made from the first %d failures; %d more were left out\n", maxArchived, left)
	}
	return all, nil
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
