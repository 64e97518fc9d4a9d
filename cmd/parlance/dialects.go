package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect/authoring"
)

func (a *app) dialectsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "dialects",
		Short: "List the dialects of the catalog",
		Long: `Lists the dialects of the catalog, one per line, with the sites that each was written
from. With --json it lists the pages.`,
		Example: `  parlance dialects
  parlance dialects --json`,
		Args: arguments(0, 0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			list, err := catalogue()
			if err != nil {
				return err
			}
			if asJSON {
				return a.writeJSON(list)
			}
			rows := [][]string{{"NAME", "TITLE", "CODES", "SOURCE"}}
			for _, d := range list {
				rows = append(rows, []string{d.Name, d.Title, strconv.Itoa(d.Codes), sites(d.Sources)})
			}
			s := a.styleOf(a.stdout)
			for i, line := range align(rows) {
				if line = cut(line, listWidth); i == 0 {
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

// listed is one dialect of the catalog.
type listed struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Codes   int      `json:"codes"` // rows of its table
	Sources []string `json:"sources"`
}

func catalogue() ([]listed, error) {
	all, err := catalog.All()
	if err != nil {
		return nil, err
	}
	var list []listed
	for _, d := range all {
		codes := 0
		for _, e := range authoring.Codes(d) {
			if !e.Builtin {
				codes++
			}
		}
		list = append(list, listed{d.Name(), d.Title(), codes, append([]string{}, d.Sources()...)})
	}
	return list, nil
}

// listWidth is how many columns the list has at most: a line that is broken is
// none to look down.
const listWidth = 100

// sites are where sources stand, each once: the host of those that begin with
// one, and the others as they are.
func sites(sources []string) string {
	var all []string
	for _, source := range sources {
		_, address, is := strings.Cut(source, "https://")
		if !is {
			address = source
		}
		host, _, titled := strings.Cut(address, ": ")
		if is {
			host, _, _ = strings.Cut(address, "/")
		} else if !titled || strings.Contains(host, " ") {
			host = source
		}
		if !slices.Contains(all, host) {
			all = append(all, host)
		}
	}
	return strings.Join(all, "; ")
}

// cut is a text of at most so many letters.
func cut(text string, width int) string {
	letters := []rune(text)
	if len(letters) <= width {
		return text
	}
	return strings.TrimRight(string(letters[:width-1]), " ;,") + "…"
}
