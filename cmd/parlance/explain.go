package main

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/nearest"
	"github.com/parlance-api/parlance/internal/say"
)

func (a *app) explainCommand() *cobra.Command {
	var asJSON bool
	var x exchange
	cmd := &cobra.Command{
		Use:   "explain [DIALECT [CODE]]",
		Short: "Say in plain words what a response or a code means and what a client does",
		Long: `Without arguments it reads a response from standard input, as curl -i prints it. It
says in sentences what happened, in which record, which inputs are wrong and why, what
to do and when, why a retry is safe or not, and whom to tell. --dialect names the API.
Otherwise the best match in the catalog is used, and its confidence is printed. Give
--method, --path and the idempotency key, since they decide whether a retry is safe.
(parlance decode prints the same response as a table, with all details.)

With a dialect and a code it says what a status or a code of an API means, what causes it,
what a client does about it and when, and which line of the dialect file says so. If a
code has several meanings, each is printed with its condition. A code that the file does
not list has the meaning of its class, else the built-in one.

The row of a code in a body replaces the row of its status, the retry included.

CODE may be a class (4xx), a range (400-429) or a list of them (500,502). Without
CODE the whole page is printed: every code, the support contact, the token endpoint,
and the header that makes a POST safe to retry.`,
		Example: `  curl -i https://api.example.com/cameras/7 | parlance explain
  curl -i -X POST … | parlance explain --dialect stripe --method POST
  parlance explain vision 406
  parlance explain vision
  parlance explain vms 4xx
  parlance explain github 403,429
  parlance explain my-api.yaml card_declined --json`,
		Args: arguments(0, 2, "a dialect and a code, or a response on standard input"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			switch len(args) {
			case 0:
				return completeDialect(cmd, args, prefix)
			case 1:
				return a.completeCode(args[0]), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.explainResponse(x, asJSON)
			}
			for _, name := range []string{"dialect", "method", "path", "request-header"} {
				if cmd.Flags().Changed(name) {
					return &mistake{message: "--" + name + " is for a response on standard input", hint: "leave out " + args[0] + ", or the flag"}
				}
			}
			d, err := a.load(args[0])
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return a.explainPage(d, asJSON)
			}
			return a.explainCodes(d, args[1], asJSON)
		},
	}
	x.Dialect = detected
	x.flags(cmd)
	method := cmd.Flags().Lookup("method")
	method.DefValue = "" // nobody named one: the text says what holds for a POST
	x.Method = ""
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return cmd
}

// explainCodes explains a code, a class or a range, or each of a list of them.
func (a *app) explainCodes(d *dialect.Dialect, text string, asJSON bool) error {
	codes := []string{text}
	if len(authoring.Explain(d, text)) == 0 { // a code may have a comma in it
		codes = keys(text)
	}
	all := make([]explained, len(codes))
	for i, code := range codes {
		all[i] = explain(d, code)
	}
	switch {
	case asJSON && len(all) == 1:
		return a.writeJSON(all[0])
	case asJSON:
		return a.writeJSON(all)
	}
	for i, e := range all {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		a.showExplained(e, d)
	}
	return nil
}

func explain(d *dialect.Dialect, code string) explained {
	e := explained{Dialect: d.Name(), Code: code, Meanings: meanings(authoring.Explain(d, code))}
	for _, m := range e.Meanings {
		e.Listed = e.Listed || m.lists(code)
	}
	if g, ok := authoring.Range(d, code); ok {
		e.Codes = meanings(g.Rows)
		return e
	}
	status, err := strconv.Atoi(code)
	if err != nil || status < 100 || status > 599 {
		return e
	}
	e.Under = authoring.Under(d, status)
	if g, _ := authoring.Range(d, classOf(status)); len(g.Class) > 0 && !g.Class[0].Builtin {
		group := meanings(g.Class[:1])[0]
		if !slices.ContainsFunc(e.Meanings, func(m rowJSON) bool { return m.Line == group.Line }) {
			e.Group = &group
		}
	}
	return e
}

func classOf(status int) string { return strconv.Itoa(status/100) + "xx" }

func (a *app) completeCode(name string) []string {
	d, err := a.load(name)
	if err != nil {
		return nil
	}
	var codes []string
	for _, e := range authoring.Codes(d) {
		codes = append(codes, keys(e.Key)...)
	}
	return slices.Compact(codes)
}

// explained is what a dialect says of a code, or of a class or range of codes.
type explained struct {
	Dialect  string    `json:"dialect"`
	Code     string    `json:"code"`
	Listed   bool      `json:"listed"` // a row names the code itself, not only its class or range
	Meanings []rowJSON `json:"meanings"`
	Group    *rowJSON  `json:"group,omitempty"`           // what the file says of the class of the code
	Under    []string  `json:"codes_in_bodies,omitempty"` // the codes that travel in bodies under the status
	Codes    []rowJSON `json:"codes,omitempty"`           // of a class or range: the codes within
}

// rowJSON is one row of the table of codes, as JSON has it.
type rowJSON struct {
	Key      string            `json:"key"`
	Code     string            `json:"code,omitempty"`
	Kind     parlance.Kind     `json:"kind"`
	Reason   parlance.Reason   `json:"reason,omitempty"`
	Title    string            `json:"title,omitempty"`
	Help     string            `json:"help,omitempty"`
	Status   int               `json:"status,omitempty"`
	When     string            `json:"when,omitempty"`
	Decision parlance.Decision `json:"decision"`
	Line     string            `json:"line,omitempty"`
	Builtin  bool              `json:"builtin,omitempty"`
	NotUsed  bool              `json:"not_used,omitempty"` // the page says that the API never gives it
	Reset    bool              `json:"reset,omitempty"`    // the response may say when to retry
}

func meanings(entries []authoring.Entry) []rowJSON {
	rows := make([]rowJSON, len(entries))
	for i, e := range entries {
		rows[i] = rowJSON{e.Key, e.Code, e.Kind, e.Reason, e.Title, e.Help, e.Status, e.When, e.Decision, e.Line, e.Builtin, e.NotUsed, e.Reset}
	}
	return rows
}

// lists reports whether the row names a code itself.
func (r rowJSON) lists(code string) bool {
	return !r.Builtin && (slices.Contains(keys(r.Key), code) || r.Key == code)
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
	s := sheet{a.stdout, a.styleOf(a.stdout)}
	if len(e.Meanings) == 0 && len(e.Codes) == 0 {
		fmt.Fprintf(a.stdout, "%s has no row for %s, and it is not an HTTP status: it has the meaning of the status beside it.\n", e.Dialect, printable(e.Code))
		if best := nearest.Word(e.Code, a.completeCode(e.Dialect)); best != "" {
			fmt.Fprintf(a.stderr, "hint: did you mean %s?\n", best)
		}
		return
	}
	if !e.Listed && len(e.Meanings) > 0 {
		fmt.Fprintf(a.stdout, "%s has no row for %s: %s\n\n", e.Dialect, printable(e.Code), e.instead())
	}
	for i := range e.Meanings {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		s.meaning(&e, i, d)
	}
	if g := e.Group; g != nil {
		s.prose("group", strings.TrimSuffix(g.Key+": "+cmp.Or(g.Title, g.Help, classWords[g.Key]), "."))
		if g.Title != "" {
			s.prose("", g.Help)
		}
	}
	if len(e.Under) > 0 {
		s.prose("in bodies", strings.Join(e.Under, ", ")+" may come under this status")
	}
	s.codes(e.Codes, d)
	s.longest(slices.Concat(e.Meanings, e.Codes))
}

// instead says what counts for a code that has no row.
func (e *explained) instead() string {
	switch m := e.Meanings[len(e.Meanings)-1]; {
	case !m.Builtin:
		return fmt.Sprintf("its row for %s says", m.Key)
	case len(e.Codes) > 0:
		return "what is built in counts"
	}
	return "nor for its class, so what is built in counts"
}

// meaning writes one meaning of the code, with the condition that it has.
func (s sheet) meaning(e *explained, i int, d *dialect.Dialect) {
	m := &e.Meanings[i]
	title, line := cmp.Or(m.Title, classWords[e.Code]), m.Line
	if m.Builtin {
		title, line = cmp.Or(classWords[e.Code], m.Title), line+", built in"
	}
	s.title(e.Dialect, s.bold(strings.TrimSpace(printable(e.Code)+"  "+title)))
	switch {
	case m.When != "":
		s.prose("if", m.When)
	case i > 0:
		s.prose("if", "no condition above holds")
	}
	if m.NotUsed {
		s.prose("not used", notUsed)
	}
	s.prose("means", meaning(m.Kind, m.Reason)+": "+say.Kind(m.Kind))
	if m.Status != 0 {
		s.prose("travels", "in the body, under HTTP status "+strconv.Itoa(m.Status)+". This row replaces the row of the status, with its retry.")
	}
	s.prose("help", m.Help)
	s.prose("advice", advice(m.Decision, m.Reset, d.Support()))
	s.prose("retry", retryable(*m, d))
	s.row("line", line)
}

// codes writes rows, each with its condition.
func (s sheet) codes(rows []rowJSON, d *dialect.Dialect) {
	for i, row := range rows {
		fmt.Fprintln(s.w)
		s.code(row, i > 0 && rows[i-1].Code == row.Code && rows[i-1].When != "", d)
	}
}

// code writes a row among others: its code and title, what it means, and what a
// client does. otherwise is set if one of the same code stands before it.
func (s sheet) code(row rowJSON, otherwise bool, d *dialect.Dialect) {
	code := cmp.Or(row.Code, row.Key)
	title := row.Title
	if status, err := strconv.Atoi(keys(code)[0]); err == nil && title == "" && row.Status == 0 {
		title = http.StatusText(status)
	}
	kind := meaning(row.Kind, row.Reason)
	if title == "" {
		title = kind
	} else {
		title += " (" + kind + ")"
	}
	s.title(printable(code), s.kind(row.Kind, printable(title)))
	switch {
	case row.When != "":
		s.prose("", "If "+row.When+":")
	case otherwise:
		s.prose("", "Otherwise:")
	}
	if row.NotUsed {
		s.prose("", notUsed)
	}
	s.prose("", say.Kind(row.Kind))
	s.prose("", row.Help)
	if row.Status != 0 {
		s.prose("", "It travels in the body, under HTTP status "+strconv.Itoa(row.Status)+".")
	}
	s.prose("", advice(row.Decision, row.Reset, d.Support()))
}

// proseWidth is where a line of prose ends: what a terminal has at least.
const proseWidth = 80

// notUsed is said of a code that the page rules out.
const notUsed = "This API never gives it: something else may have responded."

// prose writes a labelled text that is wrapped, and nothing if there is no text.
func (s sheet) prose(label, text string) {
	for _, line := range wrap(printable(text), proseWidth-labelWidth) {
		fmt.Fprintf(s.w, "%s%s\n", s.dim(column("  "+label)), line)
		label = ""
	}
}

// longest says that a client cuts off waits, if one of the rows names a longer wait
// than a client allows by default.
func (s sheet) longest(rows []rowJSON) {
	if slices.ContainsFunc(rows, func(r rowJSON) bool { return leastWait(r.Decision) > client.DefaultMaxWait }) {
		s.prose("max wait", "By default a client waits at most "+say.Period(client.DefaultMaxWait)+". If it would have to wait longer, it returns the response at once (client.WithMaxWait, parlance call --max-wait).")
	}
}

// leastWait is the longest of the waits that a decision prescribes.
func leastWait(d parlance.Decision) time.Duration {
	return max(d.After, d.Backoff.Floor, slices.Max(append([]time.Duration{0}, d.Schedule...)))
}

// retryable says which requests may be sent again; "" if the act sends none.
func retryable(m rowJSON, d *dialect.Dialect) string {
	switch {
	case m.Decision.Act != parlance.ActRetry && m.Decision.Act != parlance.ActRefresh:
		return ""
	case m.Decision.RetrySafe:
		return "Every request may be sent again: the response proves that nothing was done."
	}
	text := "GET, PUT, DELETE and other idempotent requests are sent again. A POST is sent again only "
	if key := d.IdempotencyHeader(); key != "" {
		return text + "with " + key + ", or if the caller allows it."
	}
	return text + "if the caller allows it."
}
