package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/mock"
	"github.com/parlance-api/parlance/mock/scenario"
	"github.com/parlance-api/parlance/server/limit"
)

// mockFlags are what the flags of the mock set.
type mockFlags struct {
	listen    string
	logFormat string
	openapi   string
	scenario  string
	auth      bool
	tokenLife time.Duration
	rate      string
	work      time.Duration
	record    string
	save      string
	replay    string
}

func (a *app) mockCommand() *cobra.Command {
	var f mockFlags
	cmd := &cobra.Command{
		Use:   "mock NAME|FILE",
		Short: "Serve an API on demand: any code of its dialect file",
		Long: `Serves an API on demand. A request gets the response that it wishes, as the API of the
dialect sends it. Without a wish it gets a success with an empty object.

A wish stands in the header field Prefer, or in the path for a client that cannot send a
header field. These words can be combined, as in code=503; retry-after=7:

` + wishHelp() + `
The first of these that says something counts, and they are not merged: the path, Prefer,
then the query parameters of Prism (__code, __example, __dynamic). An unknown wish is a
400 that lists what there is.

With --openapi the successes are those of a document: its statuses, its examples, and data
that its schemas generate. A path that the document does not have is not found.

Without a wish it keeps the state that a client depends on:

  tokens      the token endpoint or login of the dialect gives, renews and revokes them; the
              secret "wrong" is refused, and so is a token after its time
  keys        a POST with an idempotency key is done once, and its response replayed
  limits      --rate counts, and announces the limit in the fields that the dialect names
  work        Prefer: respond-async, or the wish kind=accepted, is a 202 that can be polled
  records     a bulk request gets a response for each record; failed=1 lets one fail

With --scenario it behaves as a file says to requests without a wish: 503 twice and then
200, 429 for 20 seconds, a reset each fifth time. docs/scenarios.md has the language, and
parlance lint checks such a file.

The page at /_mock/ lists the codes with their meaning, gives one to the next requests,
and shows each request with what it got.

With --record URL it passes all requests through to that API, and keeps the exchanges
without credentials in the file of --save: as cases that parlance test reads, or as an HTTP
Archive if its name ends in .har. --replay FILE serves either kind of file: a request gets
what was recorded for its method and target, and anything else is not found.

It prints its address and runs until it is interrupted. The log on standard error has one
line for each request: what it got, and why.`,
		Example: `  parlance mock stripe
  curl -i -H 'Prefer: code=card_declined' http://127.0.0.1:4010/v1/charges
  curl -i http://127.0.0.1:4010/_mock/code/429/retry-after/7/v1/charges
  parlance mock stripe --scenario busy.yaml
  parlance mock vms --openapi cameras.yaml
  parlance mock github --rate 10/1m
  parlance mock vision --auth --token-life 30s
  parlance mock stripe --record https://api.stripe.com --save stripe.cases.jsonl
  parlance mock stripe --replay stripe.cases.jsonl
  parlance mock my-api.yaml --listen 127.0.0.1:0`,
		Args:              arguments(1, 1, "a dialect: a NAME of the catalog, or a file"),
		ValidArgsFunction: completeDialect,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runMock(cmd.Context(), args[0], &f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:4010", "the `ADDRESS` to listen at; port 0 is a free one")
	flags.StringVar(&f.scenario, "scenario", "", "the `FILE` of a scenario: which requests fail, how often and until when")
	flags.StringVar(&f.openapi, "openapi", "", "an OpenAPI document as a `FILE`, for the bodies of successes")
	flags.BoolVar(&f.auth, "auth", false, "refuse requests without a good credential")
	flags.DurationVar(&f.tokenLife, "token-life", 0, "how long a token is valid (default what the dialect says, else 20m)")
	flags.StringVar(&f.rate, "rate", "", "how many requests a credential or an address may send in a time, as in `10/1m`; a wish does not count")
	flags.DurationVar(&f.work, "work", mock.DefaultWork, "how long the work takes that a 202 announces")
	flags.StringVar(&f.record, "record", "", "the `URL` of an API to pass requests through to, and to record")
	flags.StringVar(&f.save, "save", "recorded.cases.jsonl", "the `FILE` to keep what is recorded in; cases are added to one that is there")
	flags.StringVar(&f.replay, "replay", "", "a `FILE` of recorded exchanges to serve")
	for _, other := range []string{"replay", "scenario", "openapi", "auth", "rate"} {
		cmd.MarkFlagsMutuallyExclusive("record", other)
	}
	flags.StringVar(&f.logFormat, "log-format", "text", "the `FORMAT` of the log: text or json")
	return cmd
}

// wishHelp lists the words of a wish.
func wishHelp() string {
	var rows [][]string
	for _, w := range mock.Words() {
		rows = append(rows, []string{"  " + w.Name + "=" + w.Example, w.Help})
	}
	return strings.Join(align(rows), "\n") + "\n"
}

// runMock serves a dialect until the context ends or a signal comes.
func (a *app) runMock(ctx context.Context, name string, f *mockFlags) error {
	d, err := a.load(name)
	if err != nil {
		return err
	}
	logger, err := newLogger(a.stderr, f.logFormat, "warn")
	if err != nil {
		return err
	}
	if open, why := public(f.listen); open {
		fmt.Fprintf(a.stderr, "warning: %s, so other machines can reach the mock\n", why)
	}
	if f.record != "" {
		return a.recordMock(ctx, d, f, logger)
	}
	options, sample, err := a.mockOptions(d, f)
	if err != nil {
		return err
	}
	m := mock.New(d, append(options, mock.WithLogger(logger))...)
	defer m.Close()
	return a.serve(ctx, f.listen, &mockServer{handler: m, log: logger}, func(url string) string { return mockBanner(url, sample, d) }, logger)
}

// mockOptions are what the flags say of a mock, and a path to try.
func (a *app) mockOptions(d *dialect.Dialect, f *mockFlags) (options []mock.Option, sample string, err error) {
	rate, err := rateOf(f.rate)
	if err != nil {
		return nil, "", err
	}
	options = append(options, mock.WithObserver(a.accessLog(f.logFormat)), mock.WithRate(rate), mock.WithTokenLife(f.tokenLife), mock.WithWork(f.work))
	if f.auth {
		options = append(options, mock.WithAuth())
	}
	if f.scenario != "" {
		s, err := a.loadScenario(f.scenario, d)
		if err != nil {
			return nil, "", nameFlag(err, "scenario")
		}
		options = append(options, mock.WithScenario(s))
	}
	if f.replay != "" {
		cases, err := a.recordedIn(f.replay)
		if err != nil {
			return nil, "", nameFlag(err, "replay")
		}
		options = append(options, mock.WithReplay(cases...))
	}
	sample = "/orders/7"
	if f.openapi != "" {
		document, err := a.loadOpenAPI(f.openapi)
		if err != nil {
			return nil, "", nameFlag(err, "openapi")
		}
		options = append(options, mock.WithDocument(document))
		sample = document.SamplePath()
	}
	return options, sample, nil
}

// rateOf reads a rate such as 10/1m; "" is none.
func rateOf(text string) (r limit.Rate, err error) {
	if text == "" {
		return r, nil
	}
	quota, window, _ := strings.Cut(text, "/")
	r.Quota, err = strconv.Atoi(quota)
	if err == nil {
		r.Window, err = time.ParseDuration(window)
	}
	if err != nil || r.Quota < 1 || r.Window <= 0 {
		return limit.Rate{}, &mistake{message: fmt.Sprintf("--rate: %q is not a rate", text), hint: "for example: --rate 10/1m, which is 10 requests in a minute"}
	}
	return r, nil
}

// loadScenario compiles a scenario. It shows its warnings.
func (a *app) loadScenario(name string, d *dialect.Dialect) (*scenario.Scenario, error) {
	if !catalog.IsFile(name) {
		return nil, &mistake{message: fmt.Sprintf("%q is not the path of a file", name), hint: "write ./" + name + ", or a name that ends in .yaml"}
	}
	file, text, err := catalog.Read(name)
	if err != nil {
		return nil, &mistake{message: err.Error(), hint: "docs/scenarios.md shows how to write one", cause: err}
	}
	if !scenario.Is(text) {
		return nil, &mistake{message: name + " is not a scenario", hint: "begin it with `scenario: title`; docs/scenarios.md has the language"}
	}
	s, err := scenario.Compile(file, text, d)
	if err != nil {
		return nil, &mistake{message: fmt.Sprintf("the file %s has faults", name), hint: "parlance lint " + name + " explains them", cause: err}
	}
	a.report(a.stderr, text, s.Warnings)
	return s, nil
}

// mockBanner says what is served, and three things to try with a path.
func mockBanner(url, path string, d *dialect.Dialect) string {
	code := "404"
	for _, e := range mock.Outcomes(d) {
		if e.Outcome.Code != "" && e.Kind.Failing() {
			code = e.Outcome.Code
			break
		}
	}
	return fmt.Sprintf(`%s gives the responses of %s
page: %s/_mock/
try:
  curl -i '%s%s'
  curl -i -H 'Prefer: code=%s' '%s%s'
  curl -i '%s/_mock/code/503/retry-after/7%s'
`, url, d.Name(), url, url, path, code, url, path, url, path)
}

// public reports that an address can be reached from other machines, and why.
func public(address string) (bool, string) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false, "" // to listen there fails, and says why
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return false, ""
	}
	return true, address + " is not a loopback address"
}

// accessLog writes a line for each response.
func (a *app) accessLog(format string) func(mock.Given) {
	if format == "json" {
		logger := slog.New(slog.NewJSONHandler(a.stderr, nil))
		return func(g mock.Given) {
			logger.Info("response", "method", g.Method, "path", g.Path, "status", g.Status, "kind", g.Outcome.Kind,
				"reason", g.Outcome.Reason, "code", g.Outcome.Code, "fault", g.Fault, "why", g.Why, "losses", append([]parlance.Loss{}, g.Losses...), "took", g.Took.Seconds())
		}
	}
	lines := log.New(a.stderr, "", 0) // one at a time
	return func(g mock.Given) {
		means := meaning(g.Outcome.Kind, g.Outcome.Reason)
		if g.Outcome.Code != "" {
			means += " " + g.Outcome.Code
		}
		why := g.Why
		for _, l := range g.Losses {
			why += "; " + l.Attribute + " is lost: " + l.Reason
		}
		got := fmt.Sprintf("%d %s", g.Status, means)
		switch {
		case g.Fault != scenario.FaultNone && g.Status == 0:
			got = g.Fault.String()
		case g.Fault != scenario.FaultNone:
			got += ", " + g.Fault.String()
		}
		lines.Print(strings.ReplaceAll(printable(fmt.Sprintf("%s %s %s  %s  (%s)",
			g.At.Format(time.TimeOnly), g.Method, g.Path, got, why)), "\n", `\n`))
	}
}

// mockServer serves the handler of a mock.
type mockServer struct {
	handler http.Handler
	log     *slog.Logger
}

// mockGrace is how long requests that have begun may go on after an interrupt.
const mockGrace = 2 * time.Second

// Serve accepts connections until ctx ends or the listener fails.
func (s *mockServer) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 90 * time.Second,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), mockGrace)
	defer cancel()
	if err := server.Shutdown(ending); errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	} else if err != nil {
		return err
	}
	return nil
}
