package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/openapi"
	docpage "github.com/parlance-api/parlance/page"
)

func (a *app) exportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export FORM NAME|FILE",
		Short: "Write a dialect in the form of another tool: OpenAPI, JSON Schema, Spectral, problem types",
		Long:  `Writes what a dialect file says in the form that another tool reads.`,
		Example: `  parlance export openapi stripe -o stripe-responses.yaml
  parlance export openapi my-api.yaml --into openapi.yaml -o openapi.yaml
  parlance export jsonschema vbapi
  parlance export spectral my-api.yaml -o .spectral.yaml
  parlance export problem-types my-api.yaml --base-url https://errors.example.com/`,
		Args: arguments(1, -1, "a form: openapi, jsonschema, spectral or problem-types"),
		RunE: func(_ *cobra.Command, args []string) error {
			return &mistake{
				message: fmt.Sprintf("there is no form %q", args[0]),
				hint:    didYouMean(args[0], []string{"openapi", "jsonschema", "spectral", "problem-types"}, "write openapi, jsonschema, spectral or problem-types"),
			}
		},
	}
	cmd.AddCommand(a.exportOpenAPI(), a.exportJSONSchema(), a.exportSpectral(), a.exportProblemTypes())
	return cmd
}

func (a *app) exportOpenAPI() *cobra.Command {
	var out, into string
	cmd := a.exporter("openapi", "Write the responses of a dialect as an OpenAPI 3.1 document", `Writes an OpenAPI 3.1 document in YAML. Its components are the responses, schemas, headers
and examples of the dialect, and its path /example has each of the responses.

With --into the responses go into a document of your own: each operation gets the failures
that it does not list, as references, and the components that they refer to. All else keeps
its text. A second run adds nothing.`,
		`  parlance export openapi stripe -o stripe-responses.yaml
  parlance export openapi my-api.yaml --into openapi.yaml -o openapi.yaml`, &out,
		func(d *dialect.Dialect) ([]byte, error) {
			if into == "" {
				return openapi.Export(d)
			}
			return a.exportInto(d, into)
		})
	cmd.Flags().StringVar(&into, "into", "", "an OpenAPI document, a `FILE` that gets the responses")
	return cmd
}

// exportInto adds the responses of a dialect to a document, and tells what came of it.
func (a *app) exportInto(d *dialect.Dialect, name string) ([]byte, error) {
	text, err := limited(name, openapi.MaxSource, anOpenAPI)
	if err != nil {
		return nil, nameFlag(err, "into")
	}
	merged, err := openapi.Into(name, text, d)
	var faulty *dialect.FileError
	if errors.As(err, &faulty) {
		a.report(a.stderr, text, faulty.Diagnostics)
		return nil, &mistake{message: fmt.Sprintf("the responses cannot go into %s", name), hint: "correct the errors above; the warnings do not matter here"}
	}
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(a.stderr, "added %s to the operations\n", plural(merged.Added, "response"))
	for _, kept := range merged.Kept {
		fmt.Fprintf(a.stderr, "kept %s, which the document had\n", kept)
	}
	return merged.Text, nil
}

func (a *app) exportJSONSchema() *cobra.Command {
	var out string
	return a.exporter("jsonschema", "Write the JSON Schema of the bodies of errors",
		`Writes the JSON Schema (draft 2020-12) of the bodies that the errors of an API have.`,
		`  parlance export jsonschema vbapi -o error.schema.json`, &out,
		func(d *dialect.Dialect) ([]byte, error) {
			text := openapi.JSONSchema(d)
			if text == nil {
				return nil, &mistake{message: fmt.Sprintf("%s writes no error as JSON", d.Name()), hint: "parlance show " + d.Name() + " shows its shapes"}
			}
			return text, nil
		})
}

func (a *app) exportSpectral() *cobra.Command {
	var out string
	return a.exporter("spectral", "Write a ruleset of Spectral that holds an OpenAPI document to the dialect",
		`Writes a ruleset for the linter Spectral. It holds an OpenAPI document to the dialect: the
statuses that an operation lists, and the media types, examples and header fields of its
failures.`,
		`  parlance export spectral my-api.yaml -o rules.yaml
  spectral lint --ruleset rules.yaml openapi.yaml`, &out, openapi.Spectral)
}

func (a *app) exportProblemTypes() *cobra.Command {
	var out, base string
	cmd := a.exporter("problem-types", "Write a registry of problem types (RFC 9457)",
		`Writes a registry of problem types as JSON, with the members of IANA's registry (RFC 9457,
4.2): type, title, recommended status and reference. Each failure of the dialect is a type,
and its URI leads to the code on the page that parlance page makes.`,
		`  parlance export problem-types my-api.yaml --base-url https://errors.example.com/`, &out,
		func(d *dialect.Dialect) ([]byte, error) {
			return docpage.ProblemTypes(docpage.Options{BaseURL: base}, d)
		})
	cmd.Flags().StringVar(&base, "base-url", "", "the `URL` of the page that the types lead to")
	return cmd
}

// exporter is a command that writes one form of a dialect.
func (a *app) exporter(form, short, long, example string, out *string, write func(*dialect.Dialect) ([]byte, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use:               form + " NAME|FILE",
		Short:             short,
		Long:              long,
		Example:           example,
		Args:              arguments(1, 1, "a dialect: a NAME of the catalog, or a file"),
		ValidArgsFunction: completeDialect,
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := a.load(args[0])
			if err != nil {
				return err
			}
			text, err := write(d)
			if err != nil {
				return err
			}
			if *out == "" || *out == "-" {
				_, err = a.stdout.Write(text)
				return err
			}
			return a.writeFiles("", docpage.File{Name: *out, Text: text})
		},
	}
	cmd.Flags().StringVarP(out, "output", "o", "", "the `FILE` to write; without it, standard output")
	return cmd
}
