package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/nearest"
)

func (a *app) explainCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain DIALECT CODE",
		Short: "Say in plain words what a code means and what a client does",
		Long: `Says what a status or a code of an API means, what causes it, what a client does
about it and when, and which line of the dialect file says so. A code that the
file does not list takes the meaning of its class, else the built-in one.`,
		Example: `  parlance explain vision 406
  parlance explain vms 402
  parlance explain my-api.yaml card_declined --json`,
		Args: arguments(2, 2, "a dialect and a code"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			switch len(args) {
			case 0:
				return completeDialect(cmd, args, prefix)
			case 1:
				return a.completeCode(args[0]), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := a.load(args[0])
			if err != nil {
				return err
			}
			e := explained{Dialect: d.Name(), Code: args[1], Meanings: meanings(d.Explain(args[1]))}
			for _, m := range e.Meanings {
				e.Listed = e.Listed || m.lists(args[1])
			}
			if asJSON {
				return a.writeJSON(e)
			}
			a.showExplained(e, d)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return cmd
}

func (a *app) completeCode(name string) []string {
	d, err := a.load(name)
	if err != nil {
		return nil
	}
	var codes []string
	for _, e := range d.Codes() {
		codes = append(codes, keys(e.Key)...)
	}
	return slices.Compact(codes)
}

// explained is what a dialect says of a code.
type explained struct {
	Dialect  string    `json:"dialect"`
	Code     string    `json:"code"`
	Listed   bool      `json:"listed"` // a row names the code itself, not only its class or range
	Meanings []rowJSON `json:"meanings"`
}

// rowJSON is one row of the table of codes, as JSON has it.
type rowJSON struct {
	Key      string            `json:"key"`
	Kind     parlance.Kind     `json:"kind"`
	Reason   parlance.Reason   `json:"reason,omitempty"`
	Title    string            `json:"title,omitempty"`
	Help     string            `json:"help,omitempty"`
	Status   int               `json:"status,omitempty"`
	When     string            `json:"when,omitempty"`
	Decision parlance.Decision `json:"decision"`
	Line     string            `json:"line,omitempty"`
	Builtin  bool              `json:"builtin,omitempty"`
}

func meanings(entries []dialect.Entry) []rowJSON {
	rows := make([]rowJSON, len(entries))
	for i, e := range entries {
		rows[i] = rowJSON{e.Key, e.Kind, e.Reason, e.Title, e.Help, e.Status, e.When, e.Decision, e.Line, e.Builtin}
	}
	return rows
}

// lists reports whether the row names a code itself.
func (r rowJSON) lists(code string) bool {
	return !r.Builtin && slices.Contains(keys(r.Key), code)
}

// keys are the codes of a key such as "429, 419".
func keys(key string) []string {
	parts := strings.Split(key, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

func (a *app) showExplained(e explained, d *dialect.Dialect) {
	code := printable(e.Code)
	if len(e.Meanings) == 0 {
		fmt.Fprintf(a.stdout, "%s has no row for %s, and it is no HTTP status: it takes the meaning of the status that it comes with.\n", e.Dialect, code)
		if best := nearest.Word(e.Code, a.completeCode(e.Dialect)); best != "" {
			fmt.Fprintf(a.stderr, "hint: did you mean %s?\n", best)
		}
		return
	}
	if !e.Listed {
		says := fmt.Sprintf("its row for %s says", e.Meanings[0].Key)
		if e.Meanings[0].Builtin {
			says = "nor for its class, so what is built in counts"
		}
		fmt.Fprintf(a.stdout, "%s has no row for %s: %s\n\n", e.Dialect, code, says)
	}
	s := sheet{a.stdout, a.styleOf(a.stdout)}
	for i, m := range e.Meanings {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		s.title(e.Dialect, s.bold(strings.TrimSpace(code+"  "+m.Title)))
		s.row("when", m.When)
		s.row("means", meaning(m.Kind, m.Reason)+": "+kindWords[m.Kind])
		if m.Status != 0 {
			s.row("travels", "in the body, under HTTP status "+strconv.Itoa(m.Status))
		}
		s.row("help", m.Help)
		s.row("a client", advice(m.Decision, d.Support()))
		s.row("repeat", repeatable(m, e.Code, d))
		line := m.Line
		if m.Builtin {
			line += ", built in"
		}
		s.row("line", line)
	}
}

// repeatable says which requests may be repeated; "" where the act repeats none.
func repeatable(m rowJSON, code string, d *dialect.Dialect) string {
	switch m.Decision.Act {
	case parlance.Retry, parlance.Refresh:
	default:
		return ""
	}
	o := parlance.Outcome{Kind: m.Kind, Reason: m.Reason, Status: m.Status}
	status, err := strconv.Atoi(code)
	if m.Status != 0 || err != nil {
		o.Code = code
	} else {
		o.Status = status
	}
	// A POST without a key is safe only where the answer proves that nothing was
	// done. The line tells that the decision is this row's.
	p := d.Decide(dialect.Request{Method: "POST"}, &o)
	if m.Reason == parlance.Expired || p.RepeatSafe && p.Line == m.Line {
		return "safe whatever the method: the answer proves that nothing was done"
	}
	if key := d.IdempotencyHeader(); key != "" {
		return "safe for GET, PUT and other idempotent methods, and with " + key + "; not for a POST without"
	}
	return "safe for GET, PUT and other idempotent methods; not for a POST"
}

// advice is what a client does, when, and what then, in one sentence.
func advice(d parlance.Decision, support dialect.Support) string {
	text := actWords[d.Act]
	if when := waits(d); when != "" {
		text += " " + when
	}
	if d.Scope == parlance.ScopeItems {
		text += ", for the records that failed"
	}
	if d.Then != 0 {
		text += "; if that does not help, " + actWords[d.Then]
	}
	if support.Contact != "" && (d.Act == parlance.Escalate || d.Then == parlance.Escalate) {
		text += " (" + support.Contact + ")"
	}
	return text
}
