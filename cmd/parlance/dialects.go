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
		Use:   "dialects [GROUP|WORD]",
		Short: "List the dialects of the catalog",
		Long: `Lists the dialects of the catalog, one per line, with the sites that each was written
from. With the name of a group, such as ai, it lists that group. With another word it
lists the dialects whose name or title has it. With --json it lists the pages, and the
day on which they were read.`,
		Example: `  parlance dialects
  parlance dialects ai
  parlance dialects google --json`,
		Args: arguments(0, 1, "at most one group or word"),
		RunE: func(_ *cobra.Command, args []string) error {
			list, err := catalogue()
			if err != nil {
				return err
			}
			if len(args) > 0 {
				if list = about(list, args[0]); len(list) == 0 {
					return fmt.Errorf("no dialect is of the group %q or has the word in its name or title; parlance dialects lists all", args[0])
				}
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
	Name     string   `json:"name"`
	Title    string   `json:"title"`
	Group    string   `json:"group,omitempty"`
	Codes    int      `json:"codes"` // rows of its table
	Sources  []string `json:"sources"`
	PageDate string   `json:"page_date,omitempty"`
}

// about are the dialects of a group, else those whose name or title has the word.
func about(list []listed, word string) []listed {
	word = strings.ToLower(word)
	of := func(has func(listed) bool) []listed {
		return slices.DeleteFunc(slices.Clone(list), func(d listed) bool { return !has(d) })
	}
	if group := of(func(d listed) bool { return d.Group == word }); len(group) > 0 {
		return group
	}
	return of(func(d listed) bool {
		return strings.Contains(d.Name, word) || strings.Contains(strings.ToLower(d.Title), word)
	})
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
		list = append(list, listed{d.Name(), d.Title(), d.Group(), codes, append([]string{}, d.Sources()...), d.PageDate()})
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
