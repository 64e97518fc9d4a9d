package main

import (
	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/dialect"
)

func (a *app) showCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show NAME|FILE",
		Short: "Print a dialect file, or what was made of it",
		Long: `Prints a dialect file of the catalogue, as a start for one of your own. With
--json it prints what the file was compiled to: its table of codes with what a
client does about each.`,
		Example: `  parlance show vms > my-api.yaml
  parlance show vms --json`,
		Args: arguments(1, 1, "a dialect"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeDialect(cmd, args, prefix)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if !asJSON {
				_, text, err := source(args[0])
				if err != nil {
					return err
				}
				_, err = a.stdout.Write(text)
				return err
			}
			d, err := a.load(args[0])
			if err != nil {
				return err
			}
			return a.writeJSON(compiledView(d))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write what the file was compiled to, as JSON")
	return cmd
}

// compiled is a dialect as a program may want to look at it.
type compiled struct {
	Name        string    `json:"name"`
	Title       string    `json:"title"`
	Sources     []string  `json:"sources"`
	Idempotency string    `json:"idempotency_header,omitempty"`
	Contact     string    `json:"support_contact,omitempty"`
	Codes       []rowJSON `json:"codes"`
}

func compiledView(d *dialect.Dialect) compiled {
	return compiled{
		Name:        d.Name(),
		Title:       d.Title(),
		Sources:     append([]string{}, d.Sources()...),
		Idempotency: d.IdempotencyHeader(),
		Contact:     d.Support().Contact,
		Codes:       meanings(d.Codes()),
	}
}
