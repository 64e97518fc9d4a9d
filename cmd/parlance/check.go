package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/check/report"
	"github.com/parlance-api/parlance/dialect"
)

// checkFlags are what the flags of a check set.
type checkFlags struct {
	url, har, jsonl, upstream, listen string // the sources
	requests, openapi, only           string
	headers                           []string
	unsafe, provoke                   bool
	rate                              float64
	timeout                           time.Duration

	json, quiet     bool
	junit, sarif    string
	baseline        string
	update          bool
	without         []string
	listenIsChanged bool
}

func (a *app) checkCommand() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check NAME|FILE",
		Short: "Hold an API against the page of its dialect, live or recorded",
		Long: `Holds the responses of an API against its dialect file. Each finding has its place in the
response, a caret below it, and the line of the file that the response breaks. The rules
have a page each in docs/rules, and parlance lint --explain RULE prints it. The end of the
report lists the codes of the file that were never seen.

The responses come from one of these:

  --url URL         a live API: the safe requests of --requests or --openapi, else URL alone
  --jsonl FILE      recorded responses, one JSON object a line, as parlance test has them
  --har FILE        an HTTP Archive, as browsers save it
  --openapi FILE    without --url, the examples of the responses of an OpenAPI document
  --upstream URL    a proxy stands before the API at --listen, and reports when it is
                    interrupted

FILE can be - for standard input. A file of any length takes the same memory.

A file of --requests has one request a line, such as GET /cameras?limit=1, or an object
{"method", "path", "request_headers", "request_body"}. Requests that may change something
are skipped without --unsafe. With it, each POST with an idempotency key is sent twice.
--provoke sends wrong requests too: wrong credentials, missing parameters, words for
numbers, unknown paths, oversized headers and bodies.

A baseline has the findings that are known. It holds no line numbers, so it stays valid if
the traffic or the file moves. --update-baseline writes it from this run.

The exit code is 0 if nothing was found, 1 for findings that the baseline does not know,
and 2 if the check could not run, or not to its end.`,
		Example: `  parlance check vms --url https://vms.example.com/api/v1 --requests requests.txt
  parlance check my-api.yaml --url http://localhost:8080 --openapi openapi.yaml --provoke
  parlance check my-api.yaml --openapi openapi.yaml
  parlance check vms --har recorded.har --only https://vms.example.com/
  parlance check vms --jsonl recorded.jsonl --sarif check.sarif --baseline known.jsonl
  parlance check vms --listen 127.0.0.1:4011 --upstream https://vms.example.com`,
		Args:              arguments(1, 1, "a dialect: a NAME of the catalog, or a file"),
		ValidArgsFunction: completeDialect,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.listenIsChanged = cmd.Flags().Changed("listen")
			return a.runCheck(cmd.Context(), args[0], &f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.url, "url", "", "the `URL` of a live API")
	flags.StringVar(&f.requests, "requests", "", "a `FILE` of requests for --url")
	flags.StringVar(&f.openapi, "openapi", "", "an OpenAPI document, a `FILE`: its requests with --url, else its examples")
	flags.StringArrayVarP(&f.headers, "header", "H", nil, "a `HEADER` of each request, as 'Name: value', or @FILE; may be given several times")
	flags.BoolVar(&f.unsafe, "unsafe", false, "send requests that may change something too")
	flags.BoolVar(&f.provoke, "provoke", false, "send wrong requests too")
	flags.Float64Var(&f.rate, "rate", 10, "how many requests a `SECOND` at most")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Second, "how long a response may take")
	flags.StringVar(&f.jsonl, "jsonl", "", "a `FILE` of recorded responses, one a line")
	flags.StringVar(&f.har, "har", "", "an HTTP Archive, a `FILE`")
	flags.StringVar(&f.only, "only", "", "check only entries of --har whose URL begins with `PREFIX`")
	flags.StringVar(&f.upstream, "upstream", "", "the `URL` of the API behind the proxy")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:4011", "the `ADDRESS` of the proxy; port 0 is a free one")
	flags.BoolVar(&f.json, "json", false, "write JSON")
	flags.BoolVar(&f.quiet, "quiet", false, "do not list the codes that were never seen")
	flags.StringVar(&f.junit, "junit", "", "write JUnit XML to a `FILE` too")
	flags.StringVar(&f.sarif, "sarif", "", "write SARIF 2.1.0 to a `FILE` too")
	flags.StringVar(&f.baseline, "baseline", "", "a `FILE` of findings that are known")
	flags.BoolVar(&f.update, "update-baseline", false, "write the baseline from this run")
	flags.StringSliceVar(&f.without, "ignore", nil, "leave a `RULE` out; may be given several times")
	// The library's only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("ignore", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return checkRules(), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

func checkRules() (names []string) {
	for _, r := range check.Rules() {
		names = append(names, r.Name)
	}
	return names
}

// checking is one run of a check.
type checking struct {
	a       *app
	d       *dialect.Dialect
	c       *check.Checker
	f       *checkFlags
	all     check.Summary
	bar     *progress
	files   []*outputFile
	checked int
	skipped int
	unread  []string // what could not be read
	missed  int      // how much of that there is
}

// runCheck checks one source, and reports.
func (a *app) runCheck(ctx context.Context, name string, f *checkFlags) error {
	source, err := f.source()
	if err != nil {
		return err
	}
	d, err := a.load(name)
	if err != nil {
		return err
	}
	for _, rule := range f.without {
		if _, known := check.RuleOf(rule); !known {
			return &mistake{message: fmt.Sprintf("--ignore: no rule is called %q", rule), hint: didYouMean(rule, checkRules(), "the rule is in brackets at the end of a message")}
		}
	}
	without := f.without
	if f.openapi != "" && f.url == "" {
		without = slices.Concat(without, ofTraffic)
	}
	k := &checking{a: a, d: d, c: check.New(d, check.Without(without...)), f: f, bar: &progress{}}
	if err := k.open(); err != nil {
		return err
	}
	defer k.close()
	err = source(k, ctx)
	k.bar.clear()
	if err != nil && k.checked == 0 {
		return err
	}
	return errors.Join(k.end(), err)
}

// ofTraffic are the rules about header fields, which the examples of a document do not show.
var ofTraffic = []string{"missing_challenge", "missing_request_id", "missing_retry_after", "repeated_request_id"}

// source is what reads the responses.
func (f *checkFlags) source() (func(*checking, context.Context) error, error) {
	sources := []struct {
		flag, value string
		run         func(*checking, context.Context) error
	}{
		{"--url", f.url, (*checking).live}, {"--jsonl", f.jsonl, (*checking).recordedLines},
		{"--har", f.har, (*checking).archive}, {"--upstream", f.upstream, (*checking).proxy},
	}
	var named []string
	run := sources[0].run
	for _, s := range sources {
		if s.value != "" {
			named, run = append(named, s.flag), s.run
		}
	}
	if len(named) == 0 && f.openapi != "" && f.requests == "" && !f.provoke && !f.unsafe {
		named, run = append(named, "--openapi"), (*checking).document
	}
	return run, f.refuse(named)
}

// refuse says which flags do not go together. named are those of sources.
func (f *checkFlags) refuse(named []string) error {
	switch {
	case len(named) == 0:
		return &mistake{message: "nothing is named that could be checked", hint: "name one of --url, --jsonl, --har, --openapi and --upstream; parlance check --help has examples"}
	case len(named) > 1:
		return &mistake{message: strings.Join(named, " and ") + " exclude each other", hint: "check one after the other"}
	case f.update && f.baseline == "":
		return &mistake{message: "--update-baseline needs a file", hint: "add --baseline FILE"}
	case f.url == "" && (f.requests != "" || f.openapi != "" && named[0] != "--openapi" || f.provoke || f.unsafe):
		return &mistake{message: "--requests, --openapi, --provoke and --unsafe are about a live API", hint: "use them with --url"}
	}
	return nil
}

// outputFile is a file that is written at the end. It is opened before the check, so that a
// path that cannot be written is an error at once.
type outputFile struct {
	*os.File
	flag  string
	write func(*report.Report, io.Writer) error
}

// open opens the files of the run.
func (k *checking) open() error {
	for _, o := range []struct {
		flag, name string
		write      func(*report.Report, io.Writer) error
	}{{"--junit", k.f.junit, (*report.Report).JUnit}, {"--sarif", k.f.sarif, (*report.Report).SARIF}} {
		if o.name == "" {
			continue
		}
		file, err := os.OpenFile(o.name, os.O_WRONLY|os.O_CREATE, 0o644)
		if err != nil {
			return fmt.Errorf("%s: %w", o.flag, err)
		}
		k.files = append(k.files, &outputFile{file, o.flag, o.write})
	}
	if k.f.baseline == "" || k.f.update {
		return nil
	}
	file, err := os.Open(k.f.baseline)
	if errors.Is(err, fs.ErrNotExist) {
		return &mistake{message: fmt.Sprintf("--baseline: there is no file %s", k.f.baseline), hint: "--update-baseline writes it from this run", cause: err}
	}
	if err != nil {
		return fmt.Errorf("--baseline: %w", err)
	}
	defer file.Close()
	known, err := check.ReadBaseline(file)
	if err != nil {
		return fmt.Errorf("--baseline: %s: %w", k.f.baseline, err)
	}
	k.all.Against(known)
	return nil
}

func (k *checking) close() {
	for _, f := range k.files {
		_ = f.Close() // an error of writing was reported when it was written
	}
}

// saw takes what was found in one exchange.
func (k *checking) saw(found []check.Finding) {
	k.checked++
	k.bar.line(k.checked)
	for i := range found {
		if k.all.Add(found[i]) && !k.f.json {
			k.bar.clear()
			k.a.showFinding(&found[i])
		}
	}
}

// maxUnread is how many faults of the input are listed.
const maxUnread = 20

func (k *checking) cannotRead(err error) {
	if k.missed++; k.missed <= maxUnread {
		k.unread = append(k.unread, err.Error())
		k.bar.clear()
		fmt.Fprintf(k.a.stderr, "parlance: %s\n", printable(err.Error()))
	}
}

// end reports what was found.
func (k *checking) end() error {
	r := report.Report{
		Dialect: k.d.Name(), Responses: k.checked, Findings: k.all.Findings(), Dropped: k.all.Dropped(),
		Skipped: k.skipped, Unread: k.unread, Coverage: k.c.Coverage(), Version: buildVersion().Version,
	}
	r.Known, r.Gone = k.all.Known()
	var err error
	if k.f.json {
		err = r.JSON(k.a.stdout)
	} else {
		k.a.showChecked(&r, k.f.quiet)
	}
	for _, f := range k.files {
		write := cmp.Or(f.Truncate(0), f.write(&r, f), f.Sync())
		if write != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", f.flag, write))
		}
	}
	if k.f.update {
		return errors.Join(err, k.updateBaseline(r.Findings))
	}
	switch {
	case err != nil:
		return err
	case len(r.Findings) > 0:
		return errFindings
	case k.missed > 0:
		return fmt.Errorf("%s of the input could not be read, and nothing was found in the rest", plural(k.missed, "part"))
	}
	return nil
}

// updateBaseline writes the findings of this run, by way of a file beside it.
func (k *checking) updateBaseline(found []check.Counted) error {
	if k.missed > 0 {
		return fmt.Errorf("--update-baseline: %s is left as it was, because not all of the input could be read", k.f.baseline)
	}
	beside := k.f.baseline + ".new"
	file, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return fmt.Errorf("--update-baseline: %w", err)
	}
	err = cmp.Or(check.NewBaseline(found).Write(file), file.Close())
	if err == nil {
		err = os.Rename(beside, k.f.baseline)
	}
	if err != nil {
		return fmt.Errorf("--update-baseline: %w", err)
	}
	fmt.Fprintf(k.a.stderr, "%s has %s\n", k.f.baseline, plural(len(found), "known finding"))
	return nil
}

// showFinding writes one finding for people.
func (a *app) showFinding(f *check.Finding) {
	s := a.styleOf(a.stdout)
	paint := s.red
	if f.Severity.String() == "warning" {
		paint = s.yellow
	}
	word := f.Severity.String() + ":"
	first := true
	for line := range strings.Lines(printable(f.String())) {
		switch rest := strings.TrimPrefix(line, "  | "); {
		case first:
			line = strings.Replace(line, word, paint(word), 1)
		case strings.HasPrefix(line, "hint:"):
			line = strings.Replace(line, "hint:", s.bold("hint:"), 1)
		case rest != line && strings.TrimSpace(rest) == "^":
			line = strings.Replace(line, "^", paint("^"), 1)
		}
		first = false
		fmt.Fprint(a.stdout, line)
	}
	fmt.Fprintln(a.stdout)
}

// showChecked writes the end of a report for people.
func (a *app) showChecked(r *report.Report, quiet bool) {
	fmt.Fprintf(a.stdout, "%s: %s checked, %s", r.Dialect, plural(r.Responses, "response"), plural(len(r.Findings), "finding"))
	if r.Dropped > 0 {
		fmt.Fprintf(a.stdout, ", and %s that are not listed", plural(r.Dropped, "more occurrence"))
	}
	if r.Known+r.Gone > 0 {
		fmt.Fprintf(a.stdout, "; of the baseline %d occurred and %d did not", r.Known, r.Gone)
	}
	if r.Skipped > 0 {
		fmt.Fprintf(a.stdout, "; %s skipped, which may change something (--unsafe)", plural(r.Skipped, "request"))
	}
	fmt.Fprintln(a.stdout)
	type count struct{ distinct, total int }
	rules := map[string]count{}
	for _, f := range r.Findings {
		c := rules[f.Rule]
		rules[f.Rule] = count{c.distinct + 1, c.total + f.Count}
	}
	var rows [][]string
	for name, c := range rules {
		rows = append(rows, []string{"  " + name, plural(c.distinct, "finding"), plural(c.total, "occurrence")})
	}
	slices.SortFunc(rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	for _, line := range align(rows) {
		fmt.Fprintln(a.stdout, line)
	}
	a.showCoverage(&r.Coverage, quiet)
}

func (a *app) showCoverage(c *check.Coverage, quiet bool) {
	fmt.Fprintf(a.stdout, "codes seen: %d/%d\n", c.Seen, c.Total)
	if quiet || len(c.Missing) == 0 {
		return
	}
	fmt.Fprintln(a.stdout, "never seen:")
	var rows [][]string
	for _, m := range c.Missing {
		code := m.Code
		if m.When != "" {
			code += " if " + m.When
		}
		rows = append(rows, []string{"  " + code, m.Means, m.Line})
	}
	for _, line := range align(rows) {
		fmt.Fprintln(a.stdout, line)
	}
}
