package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/say"
	"github.com/parlance-api/parlance/outbox"
)

// outboxFilter selects requests.
type outboxFilter struct {
	state, vendor, kind string
	older               time.Duration
	most                int
	ids                 []string // these alone, if there are some
}

func (f *outboxFilter) flags(cmd *cobra.Command, most int) {
	cmd.Flags().StringVar(&f.state, "state", "", "only requests in this `STATE`")
	cmd.Flags().StringVar(&f.vendor, "vendor", "", "only requests to the vendor of this `NAME`")
	cmd.Flags().StringVar(&f.kind, "kind", "", "only requests of which the latest response has this `KIND`, such as rate_limited")
	cmd.Flags().DurationVar(&f.older, "older", 0, "only requests that were put longer ago than this")
	cmd.Flags().IntVar(&f.most, "most", most, "at most `N` requests; 0 is all")
}

// each calls f for each request that the filter selects, the youngest first.
func (f *outboxFilter) each(ctx context.Context, b *outbox.Reader, do func(outbox.Delivery) error) error {
	state, err := outbox.ParseState(f.state)
	if err != nil {
		return &mistake{message: "--state: " + err.Error(), hint: "parlance outbox --help explains the states"}
	}
	if _, known := parlance.ParseKind(f.kind); !known && f.kind != "" {
		kinds := strings.Trim(fmt.Sprint(parlance.Kinds()), "[]")
		return &mistake{message: fmt.Sprintf("--kind: there is no kind %q", f.kind), hint: "the kinds are " + strings.ReplaceAll(kinds, " ", ", ")}
	}
	for _, id := range f.ids {
		d, err := b.Find(ctx, id)
		if err == nil && f.selects(d) {
			err = do(d)
		}
		if err != nil {
			return err
		}
	}
	if len(f.ids) > 0 {
		return nil
	}
	page := outbox.Filter{State: state, Vendor: f.vendor, Most: 500}
	if f.most > 0 && f.kind == "" && f.older == 0 {
		page.Most = min(f.most, page.Most)
	}
	for n := 0; ; {
		list, err := b.List(ctx, page)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, d := range list {
			if !f.selects(d) {
				continue
			}
			if err := do(d); err != nil {
				return err
			}
			if n++; n == f.most {
				return nil
			}
		}
		page.Before = list[len(list)-1].ID
	}
}

// selects reports what the store does not select by.
func (f *outboxFilter) selects(d outbox.Delivery) bool {
	if len(f.ids) > 0 && (f.state != "" && string(d.State) != f.state || f.vendor != "" && d.Request.Vendor != f.vendor) {
		return false
	}
	return (f.older == 0 || time.Since(d.Created) >= f.older) && (f.kind == "" || d.Outcome.Kind.String() == f.kind)
}

// reading opens the outbox of a store to be read.
func (a *app) reading(at place, do func(*outbox.Reader) error) error {
	if at.Name == "" {
		return &mistake{message: "--store is empty", hint: "name an SQLite file, or the URL of a PostgreSQL database"}
	}
	look, err := at.look()
	if err != nil {
		return at.fault(err)
	}
	defer look.Close()
	err = do(outbox.NewReader(look.Queue()))
	if m, ok := errors.AsType[*mistake](err); err == nil || ok && m != nil {
		return err
	}
	if errors.Is(err, parlance.ErrNotFound) {
		return refusedRequest(err)
	}
	return at.fault(err)
}

func (a *app) outboxList() *cobra.Command {
	var at place
	var f outboxFilter
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ls [ID...] --store STORE",
		Short: "List requests, what happens to each next, and when",
		Long: `Lists requests, the youngest first: when each was put, its state, its request, when its next
attempt is due, and why. Limits that are shut are listed before them. Times are UTC.
With IDs it lists those requests alone.`,
		Example: `  parlance outbox ls --store shop.db
  parlance outbox ls --state uncertain --vendor warehouse --store shop.db
  parlance outbox ls --state waiting --older 24h --json --store postgres://desk@db.example.com/shop`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, ids []string) error {
			f.ids = ids
			return a.reading(at, func(b *outbox.Reader) error {
				s := sheet{a.stdout, a.styleOf(a.stdout)}
				if !asJSON && len(ids) == 0 {
					if err := s.limits(cmd.Context(), b); err != nil {
						return err
					}
				}
				return f.each(cmd.Context(), b, func(d outbox.Delivery) error {
					if asJSON {
						return a.writeJSON(d.Redacted())
					}
					s.delivery(d)
					return nil
				})
			})
		},
	}
	storeFlags(cmd, &at, "the `STORE` of the outbox: a file of SQLite, or a URL postgres://…")
	f.flags(cmd, 50)
	cmd.Flags().BoolVar(&asJSON, "json", false, "write one request as JSON on each line")
	return cmd
}

// outboxStory is a request with its story.
type outboxStory struct {
	outbox.Delivery
	Story []outbox.Step `json:"story"`
}

func (a *app) outboxShow() *cobra.Command {
	var at place
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show ID --store STORE",
		Short: "Print what happened to a request, attempt by attempt",
		Long: `Prints one request and each attempt: when it was made, what the response meant, what
followed, and the line of the dialect that says so. Secrets in bodies are hidden.`,
		Example: `  parlance outbox show 01998a2e-7f3b-7c1d-9e2f-4a5b6c7d8e9f --store shop.db
  parlance outbox show 01998a2e-7f3b-7c1d-9e2f-4a5b6c7d8e9f --json --store shop.db`,
		Args: arguments(1, 1, "an id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.reading(at, func(b *outbox.Reader) error {
				t, err := tell(cmd.Context(), b, args[0])
				switch {
				case err != nil:
					return err
				case asJSON:
					return a.writeJSON(t)
				}
				sheet{a.stdout, a.styleOf(a.stdout)}.outbox(t)
				return nil
			})
		},
	}
	storeFlags(cmd, &at, "the `STORE` of the outbox: a file of SQLite, or a URL postgres://…")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the request and its story as JSON")
	return cmd
}

func (a *app) outboxExport() *cobra.Command {
	var at place
	var f outboxFilter
	cmd := &cobra.Command{
		Use:   "export --store STORE",
		Short: "Write requests with their stories as JSON, one on each line",
		Long: `Writes each request with its bodies and its story as one line of JSON. Secrets in bodies
are hidden.`,
		Example: `  parlance outbox export --state dead --store shop.db > dead.jsonl`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			bar, n := &progress{}, 0
			if !isTerminal(a.stdout) {
				bar = a.progressOf(nil, "requests")
			}
			defer bar.clear()
			return a.reading(at, func(b *outbox.Reader) error {
				return f.each(cmd.Context(), b, func(d outbox.Delivery) error {
					t, err := tell(cmd.Context(), b, d.ID)
					if err != nil {
						return err
					}
					n++
					bar.line(n)
					return a.writeJSON(t)
				})
			})
		},
	}
	storeFlags(cmd, &at, "the `STORE` of the outbox: a file of SQLite, or a URL postgres://…")
	f.flags(cmd, 0)
	return cmd
}

// tell is a request with its story.
func tell(ctx context.Context, b *outbox.Reader, id string) (outboxStory, error) {
	d, err := b.Find(ctx, id)
	if err != nil {
		return outboxStory{}, err
	}
	story, err := b.Story(ctx, id)
	return outboxStory{d.Redacted(), story}, err
}

// limits lists those that are shut or recover.
func (s sheet) limits(ctx context.Context, b *outbox.Reader) error {
	lanes, err := b.Limits(ctx)
	for _, l := range lanes {
		switch {
		case !l.Opens.IsZero():
			s.title("shut", fmt.Sprintf("%s until %s, %s in a row", printable(l.Name), l.Opens.UTC().Format(time.DateTime), plural(l.Shut, "time")))
		case l.Width > 0:
			s.title("recovers", fmt.Sprintf("%s, %d at the same time", printable(l.Name), l.Width))
		}
	}
	return err
}

// delivery writes one line: when, its state, its request, what is next, and its ID.
func (s sheet) delivery(d outbox.Delivery) {
	next := ""
	switch {
	case d.State.Ended():
		next = meaning(d.Outcome.Kind, d.Outcome.Reason)
	case d.Held:
		next = "waits for another of its order"
	case !d.Due.IsZero():
		next = "due " + d.Due.UTC().Format(time.DateTime)
	}
	fmt.Fprintf(s.w, "%s  %s  %s  %s  %s\n", s.dim(d.Created.UTC().Format(time.DateTime)), s.state(d.State, pad(string(d.State), 10)),
		printable(d.Request.Vendor+" "+strconv.Itoa(d.Attempt)), printable(next), s.bold(printable(d.ID)))
}

// state paints a state.
func (s sheet) state(is outbox.State, text string) string {
	switch is {
	case outbox.Delivered:
		return s.kind(parlance.KindSuccess, text)
	case outbox.Refused, outbox.Dead:
		return s.red(text)
	case outbox.Uncertain:
		return s.yellow(text)
	}
	return text
}

// outbox writes a request and its story.
func (s sheet) outbox(t outboxStory) {
	s.title("request", s.bold(printable(t.ID)))
	s.row("state", string(t.State))
	s.row("why", t.Why)
	if t.Doubt {
		s.row("doubt", "an attempt may have had an effect")
	}
	s.row("request", t.Request.Method+" "+t.Request.URL)
	s.row("vendor", t.Request.Vendor)
	s.row("limit", t.Limit)
	s.row("order", t.Request.Order)
	s.row("key", t.Request.Key)
	s.row("retry unsafe", t.Request.RetryUnsafe)
	s.row("put", t.Created.UTC().Format(time.DateTime))
	if !t.Deadline.IsZero() {
		s.row("deadline", t.Deadline.UTC().Format(time.DateTime))
	}
	switch {
	case t.Held:
		s.row("next", "it waits for another of its order")
	case !t.Due.IsZero():
		s.row("next", "due "+t.Due.UTC().Format(time.DateTime))
	}
	for _, step := range t.Story {
		s.step(step)
	}
}

func (s sheet) step(t outbox.Step) {
	text := "no response"
	if t.Outcome.Kind != 0 {
		text = s.kind(t.Outcome.Kind, printable(meaning(t.Outcome.Kind, t.Outcome.Reason)))
	}
	if t.Outcome.Status != 0 {
		text = fmt.Sprintf("%d %s %s", t.Outcome.Status, http.StatusText(t.Outcome.Status), text)
	}
	s.title(fmt.Sprintf("attempt %d", t.Attempt), text+s.dim("  at "+t.At.UTC().Format(time.DateTime)+", took "+say.Span(time.Duration(t.Took*float64(time.Second)))))
	s.row("request", t.Request)
	s.row("looked at", t.Polled)
	s.row("detail", t.Outcome.Detail)
	s.row(plainID, t.Outcome.RequestID)
	s.row("why", t.Why)
	s.row("line", t.Line)
	switch {
	case t.State != "":
		s.row("then", string(t.State))
	default:
		then := "the next attempt after " + say.Span(time.Duration(t.After*float64(time.Second)))
		if t.Shut {
			then += "; all requests of the limit wait as long"
		}
		s.row("then", then)
	}
	if t.Report != nil {
		s.row("report", t.Report.String())
	}
}
