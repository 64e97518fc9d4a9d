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
completes keys and marks unknown ones while you write. Put this line at the top of a
file, or one with the path of your own copy:

  ` + schemaComment + `

parlance lint also checks the rules that a schema cannot express.`,
		Example: `  parlance schema > dialect.schema.json
  parlance new my-api --from 404.txt --schema-comment > my-api.yaml`,
		Args: arguments(0, 0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			_, err := a.stdout.Write(docs.Schema)
			return err
		},
	}
}
