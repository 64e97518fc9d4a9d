package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

func (a *app) showCommand() *cobra.Command {
	var asJSON, asLosses bool
	cmd := &cobra.Command{
		Use:   "show NAME|FILE",
		Short: "Print a dialect file, or its compiled table",
		Long: `Prints a dialect file of the catalog, as a start for one of your own. With --json it
prints the compiled file: its table of codes, and what a client does about each.

With --losses it prints what the dialect cannot carry. For each kind of outcome it
shows which attributes are carried (✓), carried in part, or lost (–). A gateway that
responds in this dialect loses them.`,
		Example: `  parlance show vms > my-api.yaml
  parlance show vms --json
  parlance show vms --losses`,
		Args: arguments(1, 1, "a dialect"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeDialect(cmd, args, prefix)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if !asJSON && !asLosses {
				_, text, err := source(args[0])
				if err != nil {
					return err
				}
				_, err = a.stdout.Write(text)
				return err
			}
			d, err := a.load(args[0])
			switch {
			case err != nil:
				return err
			case !asLosses:
				return a.writeJSON(compiledView(d))
			}
			all := lossesOf(d)
			if asJSON {
				return a.writeJSON(all)
			}
			a.showLosses(all)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the compiled file, or the losses, as JSON")
	cmd.Flags().BoolVar(&asLosses, "losses", false, "show what each kind of outcome loses when it is written")
	return cmd
}

// compiled is a dialect as a program may want to look at it.
type compiled struct {
	Name        string    `json:"name"`
	Title       string    `json:"title"`
	Group       string    `json:"group,omitempty"`
	Sources     []string  `json:"sources"`
	PageDate    string    `json:"page_date,omitempty"`
	Idempotency string    `json:"idempotency_header,omitempty"`
	Contact     string    `json:"support_contact,omitempty"`
	Codes       []rowJSON `json:"codes"`
}

func compiledView(d *dialect.Dialect) compiled {
	return compiled{
		Name:        d.Name(),
		Title:       d.Title(),
		Group:       d.Group(),
		Sources:     append([]string{}, d.Sources()...),
		PageDate:    d.PageDate(),
		Idempotency: d.IdempotencyHeader(),
		Contact:     d.Support().Contact,
		Codes:       meanings(authoring.Codes(d)),
	}
}

// losses are what a dialect cannot carry.
type losses struct {
	Name  string       `json:"name"`
	Kinds []kindLosses `json:"kinds"`
}

type kindLosses struct {
	Kind   parlance.Kind   `json:"kind"`
	Losses []parlance.Loss `json:"losses"` // never null
}

func lossesOf(d *dialect.Dialect) losses {
	all := losses{Name: d.Name()}
	for _, k := range parlance.Kinds() {
		all.Kinds = append(all.Kinds, kindLosses{k, append([]parlance.Loss{}, authoring.Losses(d, k)...)})
	}
	return all
}

// lossColumn is a column of the table of losses.
type lossColumn struct {
	heading    string
	attributes []string
}

// lossColumns are the attributes of an outcome under headings that are as short
// as the line needs. What a kind has several of stands in one column, for no kind
// has two of them.
var lossColumns = []lossColumn{
	{"kind", []string{"kind"}}, {"reason", []string{"reason"}}, {"code", []string{"code"}}, {"family", []string{"family"}},
	{"title", []string{"title"}}, {"detail", []string{"detail"}}, {"type", []string{"type"}}, {"instance", []string{"instance"}},
	{"request", []string{"request_id"}}, {"help", []string{"help"}}, {"retry", []string{"retry_after"}}, {"advice", []string{"retryable"}},
	{"list", []string{"notes", "fields", "items"}},
}

// concerns reports that an outcome of a kind can have an attribute.
func concerns(k parlance.Kind, attribute string) bool {
	switch attribute {
	case "notes":
		return k == parlance.KindNoted
	case "items":
		return k == parlance.KindPartial
	case "fields", "reason":
		return k.Failing()
	}
	return true
}

func (a *app) showLosses(all losses) {
	s := a.styleOf(a.stdout)
	const first = 17
	line := s.bold(pad(all.Name, first))
	for _, c := range lossColumns {
		line += pad(c.heading, len(c.heading)+1)
	}
	fmt.Fprintln(a.stdout, strings.TrimRight(line, " "))
	for _, k := range all.Kinds {
		line := s.kind(k.Kind, pad(k.Kind.String(), first))
		parts := lostParts(k.Losses)
		for _, c := range lossColumns {
			cell := c.cell(k.Kind, parts)
			line += s.lossPaint(cell)(cell) + pad("", len(c.heading)+1-len([]rune(cell)))
		}
		fmt.Fprintln(a.stdout, strings.TrimRight(line, " "))
	}
	fmt.Fprintln(a.stdout, s.dim("\n✓ carried, – lost, part: its records lose something. request is request_id, retry is retry_after,\nadvice is retryable, list the fields of a failure, the notes of noted and the items of partial."))
	a.showReasons(all)
}

// lostParts says of each attribute whether it is lost, or a part of it.
func lostParts(all []parlance.Loss) map[string]string {
	parts := map[string]string{}
	for _, l := range all {
		name, _, inside := strings.Cut(l.Attribute, "[")
		switch {
		case !inside:
			parts[name] = "–"
		case parts[name] == "":
			parts[name] = "part"
		}
	}
	return parts
}

// cell is what the column says of a kind.
func (c lossColumn) cell(k parlance.Kind, parts map[string]string) (cell string) {
	for _, attribute := range c.attributes {
		if concerns(k, attribute) {
			cell = cmp.Or(parts[attribute], "✓")
		}
	}
	return cell
}

// lossPaint is the color of a cell.
func (s style) lossPaint(cell string) func(string) string {
	switch cell {
	case "part":
		return s.yellow
	case "✓":
		return s.green
	}
	return s.red
}

// showReasons says why attributes are lost, and by which kinds.
func (a *app) showReasons(all losses) {
	because := map[[2]string][]string{} // attribute and reason: the kinds
	for _, k := range all.Kinds {
		for _, l := range k.Losses {
			name, rest, inside := strings.Cut(l.Attribute, "[")
			if inside { // all records are alike
				_, member, _ := strings.Cut(rest, "]")
				name += "[]" + member
			}
			if key := [2]string{name, l.Reason}; !slices.Contains(because[key], k.Kind.String()) {
				because[key] = append(because[key], k.Kind.String())
			}
		}
	}
	if len(because) == 0 {
		return
	}
	fmt.Fprintln(a.stdout, "\n"+a.styleOf(a.stdout).bold("lost because"))
	rows := slices.SortedFunc(maps.Keys(because), func(x, y [2]string) int {
		return cmp.Or(cmp.Compare(columnOf(x[0]), columnOf(y[0])), cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1]))
	})
	t := table{a.stdout, []int{13, 38, 43}}
	for _, key := range rows {
		t.row([]string{"  " + key[0], key[1], kindsOf(because[key], key[0])}, nil)
	}
}

// columnOf is the place of an attribute among the columns.
func columnOf(attribute string) int {
	name, _, _ := strings.Cut(attribute, "[")
	for i, c := range lossColumns {
		if slices.Contains(c.attributes, name) {
			return i
		}
	}
	return len(lossColumns)
}

// kindsOf names the kinds that lose an attribute, in short.
func kindsOf(kinds []string, attribute string) string {
	name, _, _ := strings.Cut(attribute, "[")
	good, failing := 0, 0
	var others []string
	for _, k := range parlance.Kinds() {
		switch {
		case !concerns(k, name):
		case !slices.Contains(kinds, k.String()):
			others = append(others, k.String())
		case k.Failing():
			failing++
		default:
			good++
		}
	}
	switch {
	case len(others) == 0 && good > 0 && failing > 0:
		return "every kind"
	case len(others) == 0 && failing > 1:
		return "every failure"
	case len(others) < len(kinds)/3:
		all := "all " + strconv.Itoa(good+failing+len(others))
		if good == 0 {
			all = "every failure"
		}
		return all + " but " + strings.Join(others, ", ")
	}
	return strings.Join(kinds, ", ")
}
