package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/catalog"
)

func (a *app) dialectsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "dialects",
		Short: "List the dialects of the catalogue",
		Example: `  parlance dialects
  parlance dialects --json`,
		Args: arguments(0, 0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			list, err := a.catalogue()
			if err != nil {
				return err
			}
			if asJSON {
				return a.writeJSON(list)
			}
			rows := [][]string{{"NAME", "TITLE", "CODES", "SOURCE"}}
			for _, d := range list {
				rows = append(rows, []string{d.Name, d.Title, strconv.Itoa(d.Codes), strings.Join(d.Sources, "; ")})
			}
			s := a.styleOf(a.stdout)
			for i, line := range align(rows) {
				if i == 0 {
					line = s.bold(line)
				}
				fmt.Fprintln(a.stdout, line)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return cmd
}

// listed is one dialect of the catalogue.
type listed struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Codes   int      `json:"codes"` // rows of its table
	Sources []string `json:"sources"`
}

func (a *app) catalogue() ([]listed, error) {
	var list []listed
	for _, name := range catalog.Names() {
		d, err := a.load(name)
		if err != nil {
			return nil, err
		}
		codes := 0
		for _, e := range d.Codes() {
			if !e.Builtin {
				codes++
			}
		}
		list = append(list, listed{name, d.Title(), codes, append([]string{}, d.Sources()...)})
	}
	return list, nil
}
