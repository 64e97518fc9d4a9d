package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/docs"
)

// schemaComment is the line by which editors find the schema of a file.
const schemaComment = "# yaml-language-server: $schema=https://raw.githubusercontent.com/parlance-api/parlance/main/docs/dialect.schema.json"

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [dialect|scenario]",
		Short: "Print the JSON Schema of dialect files or of scenarios, for editors",
		Long: `Prints the JSON Schema (draft 2020-12) of dialect files, or of the scenarios of a
mock. An editor that knows it completes keys and marks unknown ones while you write. Put
this line at the top of a file, or one with the path of your own copy:

  ` + schemaComment + `

For a scenario, the name at the end is scenario.schema.json. parlance lint also checks the
rules that a schema cannot express.`,
		Example: `  parlance schema > dialect.schema.json
  parlance schema scenario > scenario.schema.json
  parlance import responses my-api --from 404.txt --schema-comment > my-api.yaml`,
		Args:      arguments(0, 1, "nothing, dialect or scenario"),
		ValidArgs: []string{"dialect", "scenario"},
		RunE: func(_ *cobra.Command, args []string) error {
			schema := docs.Schema
			switch {
			case len(args) == 0 || args[0] == "dialect":
			case args[0] == "scenario":
				schema = docs.ScenarioSchema
			default:
				return &mistake{message: fmt.Sprintf("there is no schema of %q", args[0]), hint: "it is dialect or scenario"}
			}
			_, err := a.stdout.Write(schema)
			return err
		},
	}
}
