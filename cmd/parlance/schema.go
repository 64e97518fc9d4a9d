package main

import (
	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/docs"
)

// schemaComment is the line by which editors find the schema of a file.
const schemaComment = "# yaml-language-server: $schema=https://raw.githubusercontent.com/parlance-api/parlance/main/docs/dialect.schema.json"

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of dialect files, for editors",
		Long: `Prints the JSON Schema (draft 2020-12) of dialect files. An editor that knows it
completes keys and marks unknown ones while you write. Write this line on top of
a file, or name there where you put what this prints:

  ` + schemaComment + `

What a schema cannot say, parlance lint does.`,
		Example: `  parlance schema > dialect.schema.json
  parlance new my-api --from 404.txt --schema-comment > my-api.yaml`,
		Args: arguments(0, 0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			_, err := a.stdout.Write(docs.Schema)
			return err
		},
	}
}
