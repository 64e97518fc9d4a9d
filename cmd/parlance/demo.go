package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/examples/demo"
)

func (a *app) demoCommand() *cobra.Command {
	var o demonstration
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work: five services that fail, and a gateway before each",
		Long: `Starts five small services that fail for real causes, and a gateway before each that
responds as RFC 9457 says. Then it calls them, directly and through the gateway. It
shows the upstream's response, what it means, what the client did about it, and what
the gateway sent. Each row is compared with what the dialects promise.

After that the demo runs until Ctrl-C, with commands to try. Each code of the five
systems has a switch that causes it from outside: it moves a clock, stops a service,
or uses up a limit. The page of the demo has a button for each of them. It shows what
went over the wire on both sides of a gateway, and the line of the dialect file that
decided. The demo listens on this machine only, and sends nothing elsewhere.`,
		Example: `  parlance demo
  parlance demo --port 7000
  parlance demo --once --json`,
		Args: arguments(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return a.demonstrate(ctx, o)
		},
	}
	cmd.Flags().IntVar(&o.config.Port, "port", 0, "the first `PORT` to listen at; the others follow it; 0 takes free ports")
	cmd.Flags().BoolVar(&o.once, "once", false, "end after the table; the exit code is 1 if a row differs from what is promised")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "write the rows as JSON")
	return cmd
}

// demonstration is how a demo is to be shown.
type demonstration struct {
	config       demo.Config
	once, asJSON bool
}

var errInterrupted = errors.New("interrupted before all was shown")

// demonstrate shows the demo, and keeps it running until the context ends unless
// it is shown once.
func (a *app) demonstrate(ctx context.Context, o demonstration) error {
	if p := o.config.Port; p < 0 || p > 65535-demo.Ports {
		return &mistake{message: fmt.Sprintf("--port %d leaves no room for %d ports", p, demo.Ports), hint: "for example: --port 7000; without it, free ones are taken"}
	}
	d, err := demo.Start(o.config)
	if err != nil {
		return &mistake{message: err.Error(), hint: "without --port, free ports are taken", cause: err}
	}
	defer d.Close()
	show := a.showRows
	if o.asJSON {
		show = a.listRows
	}
	kept, err := show(ctx, d)
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return errInterrupted
	}
	if !o.once {
		d.Follow(a.stderr)
		if o.asJSON {
			fmt.Fprintf(a.stderr, "The demo runs until Ctrl-C. Its page is at %[1]s/. To see what to try: curl %[1]s\n", d.Board())
		} else {
			a.showPlaces(d)
		}
		<-ctx.Done()
	}
	if !kept {
		return errFindings
	}
	return nil
}

// listRows writes the rows as JSON, and reports whether all was as promised.
func (a *app) listRows(ctx context.Context, d *demo.Demo) (kept bool, err error) {
	rows, kept := []demo.Row{}, true
	for row := range d.Run(ctx) {
		rows = append(rows, row)
		kept = kept && row.Promised()
	}
	return kept, a.writeJSON(rows)
}

// showRows writes a table, row by row as they come, and reports whether all was
// as promised.
func (a *app) showRows(ctx context.Context, d *demo.Demo) (kept bool, err error) {
	s := a.styleOf(a.stdout)
	t := table{w: a.stdout, widths: demoWidths(a.width())}
	t.row([]string{"", "system", "the upstream said", "it means", "the client did", "what came out (problem)"}, s.bold)
	t.row(ruled(t.widths), s.dim)
	total, other := 0, 0
	for row := range d.Run(ctx) {
		if ctx.Err() != nil {
			return false, nil
		}
		total++
		mark, paint := "✓", s.green
		if !row.Promised() {
			other++
			mark, paint = "✗", s.red
		}
		said := row.Cause
		if len(row.Said) > 0 {
			said = strings.Join(row.Said, ", ") + ": " + row.Cause
		}
		t.row([]string{mark, row.System, said, strings.Join(row.Means, ", then "), row.Did, row.Out()},
			paint, s.bold, nil, s.as(row.Outcome.Kind), nil, s.as(row.Problem.Kind))
		for _, what := range row.Differs {
			fmt.Fprintf(a.stdout, "  %s\n", s.red("promised: "+printable(what)))
		}
	}
	if other == 0 {
		fmt.Fprintf(a.stdout, "\n%d of %d as promised.\n", total, total)
	} else {
		fmt.Fprintf(a.stdout, "\n%s\n", s.red(fmt.Sprintf("%d of %d differ from what is promised.", other, total)))
	}
	return other == 0, nil
}

// showPlaces says where to call, and what.
func (a *app) showPlaces(d *demo.Demo) {
	s := a.styleOf(a.stdout)
	rows := [][]string{{"", "system", "the service", "its gateway", ""}}
	for _, p := range d.Places() {
		rows = append(rows, []string{"", p.System, p.Service, p.Gateway, p.State})
	}
	fmt.Fprintln(a.stdout)
	for i, line := range align(rows) {
		if i == 0 {
			line = s.bold(line)
		}
		fmt.Fprintln(a.stdout, " "+line)
	}
	fmt.Fprintf(a.stdout, "\n%s\n\n  %s\n\nIt has a button for each code, and shows what went over the wire on both sides of a\ngateway.\n", s.bold("See each code in a browser:"), d.Board()+"/")
	fmt.Fprintf(a.stdout, "\n%s\n", s.bold("Try, in another terminal:"))
	for _, t := range d.Tries() {
		fmt.Fprintf(a.stdout, "\n%s\n%s\n", s.dim(fmt.Sprintf("# %s (%d)", t.Says, t.Status)), t.Curl())
	}
	fmt.Fprintf(a.stdout, "\nUse parlance call instead of curl to see each attempt and what it means. --dialect is\nthe system's name, or problem for a gateway.\n")
	a.showSwitches(d)
	fmt.Fprintf(a.stdout, "\nThe demo runs at the addresses above, on this machine only. The logs of its services\nand gateways appear here. Press Ctrl-C to stop it.\n")
}

// showSwitches says how each code can be seen.
func (a *app) showSwitches(d *demo.Demo) {
	s := a.styleOf(a.stdout)
	all := d.Switches()
	example := all[slices.IndexFunc(all, func(s demo.Switch) bool { return s.Name == "vision-150" })]
	fmt.Fprintf(a.stdout, "\n%s\n", s.bold("See each code for yourself, such as "+example.Name+":"))
	for _, c := range [][2]string{
		{"bring the cause about; the response says what to send next (200)", example.Throw},
		{fmt.Sprintf("meet it: %s (%d)", example.Cause, example.Status), example.Send},
		{"list both commands of every code (200)", "curl " + d.Board()},
	} {
		fmt.Fprintf(a.stdout, "\n%s\n%s\n", s.dim("# "+c[0]), c[1])
	}
	fmt.Fprintf(a.stdout, "\nThe name of a switch is the system and the code, with a word if the code has several\ncauses. These are all switches:\n\n")
	names, order := map[string][]string{}, []string(nil)
	for _, w := range all {
		if names[w.System] == nil {
			order = append(order, w.System)
		}
		names[w.System] = append(names[w.System], strings.TrimPrefix(w.Name, w.System+"-"))
	}
	t := table{w: a.stdout, widths: []int{7, min(max(a.width(), 76), 120) - 9}}
	for _, system := range order {
		t.row([]string{" " + system, strings.Join(names[system], " ")}, s.bold)
	}
}

func (s style) green(text string) string { return s.paint("32", text) }

// as paints every text as a kind.
func (s style) as(k parlance.Kind) func(string) string {
	return func(text string) string { return s.kind(k, text) }
}

// width is how many columns a line has.
func (a *app) width() int {
	if n, err := strconv.Atoi(a.getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if f, ok := a.stdout.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return 120
}

// demoWidths shares a line among the columns of the demo's table: no kind is
// broken in two, and the rest is shared by need.
func demoWidths(line int) []int {
	const mark, system, gaps, kind = 1, 6, 5 * 2, 16
	rest := min(max(line, 76), 160) - mark - system - gaps
	means, did, out := max(rest*19/100, kind), max(rest*22/100, 13), max(rest*20/100, kind)
	return []int{mark, system, rest - means - did - out, means, did, out}
}
