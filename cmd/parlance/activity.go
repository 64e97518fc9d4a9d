package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/internal/say"
)

func (a *app) activityCommand() *cobra.Command {
	var at place
	var asJSON bool
	var most int
	cmd := &cobra.Command{
		Use:   "activity [ID] --store STORE",
		Short: "Print what happened to one request, by the ID in its response, or list the latest failures",
		Long: `Prints the record of one request: its time, its caller and its outcome, each attempt
at another service on its behalf, and the log lines under its ID. The ID is in the
response: in the place that the dialect has for it, else in the header X-Request-Id.

The ID may also be that of another service, in its response to a call that the request
made. This finds the latest request with such a call. It takes longer.

Without an ID it lists the latest requests that failed, the latest one first.

The store is the one in which the server keeps its records: an SQLite file, or the
URL of a PostgreSQL database. You can read it while the server runs. Passwords are
never printed. Prefer PGPASSWORD or ~/.pgpass to a password in the URL, since other
users can see command lines.

Times are UTC. Those of calls and log lines count from the start of the request. A
record holds no credentials.`,
		Example: `  parlance activity --store server.db
  parlance activity a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd --store server.db
  parlance activity req_8K2mPq --store server.db
  parlance activity a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd --store server.db --json
  parlance activity a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd --store postgres://desk@db.example.com/shop`,
		Args: arguments(0, 1, "an id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if at.Name == "" {
				return &mistake{message: "--store is empty", hint: "name the SQLite file of the server, or the URL of its PostgreSQL database"}
			}
			if len(args) == 0 {
				return a.failures(cmd.Context(), at, most, asJSON)
			}
			r, err := find(cmd.Context(), at, args[0])
			switch {
			case err != nil:
				return err
			case asJSON:
				return a.writeJSON(r)
			}
			s := story{sheet{a.stdout, a.styleOf(a.stdout)}, r}
			s.tell()
			return nil
		},
	}
	storeFlags(cmd, &at, "the `STORE` that the records are in: a file of SQLite, or a URL postgres://…")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the record as JSON, or one failure on each line")
	cmd.Flags().IntVar(&most, "most", 20, "list at most `N` failures")
	return cmd
}

// find finds a record in a store.
func find(ctx context.Context, at place, id string) (*activity.Record, error) {
	look, err := at.look()
	if err == nil {
		defer look.Close()
		var r *activity.Record
		if r, err = look.Find(ctx, id); errors.Is(err, parlance.ErrNotFound) {
			r, err = look.FindCall(ctx, id)
		}
		if err == nil {
			return r, nil
		}
	}
	m := at.fault(err)
	if errors.Is(err, parlance.ErrNotFound) {
		m.message = fmt.Sprintf("no request has the id %q", id)
		m.hint = "look whether it is whole, and the store the right one; old records are deleted"
	}
	return nil, m
}

// failures lists the latest requests that failed.
func (a *app) failures(ctx context.Context, at place, most int, asJSON bool) error {
	if most < 1 {
		return &mistake{message: "--most must be 1 or more"}
	}
	look, err := at.look()
	if err != nil {
		return at.fault(err)
	}
	defer look.Close()
	all, err := look.Failures(ctx, most)
	if err != nil {
		return at.fault(err)
	}
	if asJSON {
		for _, r := range all {
			if err := a.writeJSON(r); err != nil {
				return err
			}
		}
		return nil
	}
	s := sheet{a.stdout, a.styleOf(a.stdout)}
	if len(all) == 0 {
		fmt.Fprintln(s.w, "no request failed")
	}
	for _, r := range all {
		s.failure(r)
	}
	return nil
}

// failure writes one line: when, the status and its meaning, the request, and its ID.
func (s sheet) failure(r *activity.Record) {
	o := r.Outcome
	status := "-"
	if r.Status != 0 {
		status = strconv.Itoa(r.Status)
	}
	fmt.Fprintf(s.w, "%s  %s %s  %s  %s\n", s.dim(r.Start.UTC().Format("2006-01-02 15:04:05")),
		pad(status, 3), s.kind(o.Kind, pad(printable(meaning(o.Kind, o.Reason)), 20)), printable(r.Method+" "+r.Path), s.bold(printable(r.ID)))
}

// story tells of a record.
type story struct {
	sheet
	*activity.Record
}

func (s story) tell() {
	s.title("activity", s.bold(printable(s.ID)))
	if !s.Start.IsZero() {
		s.row("time", s.Start.UTC().Format("2006-01-02 15:04:05.000 UTC")+", took "+say.Span(s.Took))
	}
	s.row("request", s.Method+" "+s.Path)
	s.row("route", s.Route)
	s.row("caller", s.Caller)
	s.row("trace", s.Trace)
	s.row("replay of", s.Original)
	s.row("asked", string(s.Request))
	if s.Outcome.Kind != 0 {
		o := s.Outcome
		if o.RequestID == s.ID { // it is told already
			o.RequestID = ""
		}
		s.outcome(o, plainID)
	}
	s.row("response", string(s.Response))
	for i, c := range s.Calls {
		s.call(i+1, c)
	}
	s.lines()
	if s.Dropped > 0 {
		s.title("dropped", s.yellow(strconv.Itoa(s.Dropped)+" more, lines for the most part: there were too many to keep"))
	}
}

// since is how long after the beginning something was.
func (s story) since(t time.Time) string {
	if t.IsZero() || s.Start.IsZero() {
		return ""
	}
	return "+" + say.Span(t.Sub(s.Start))
}

func (s story) call(n int, c activity.Call) {
	text := s.kind(c.Outcome.Kind, printable(meaning(c.Outcome.Kind, c.Outcome.Reason)))
	if c.Outcome.Kind == 0 {
		text = s.dim("not known")
	}
	if c.Outcome.Status != 0 {
		text = strconv.Itoa(c.Outcome.Status) + " " + text
	}
	if c.Outcome.Code != "" && c.Outcome.Code != strconv.Itoa(c.Outcome.Status) {
		text += ", code " + printable(c.Outcome.Code)
	}
	when := "  in " + say.Span(c.Took)
	if at := s.since(c.Start); at != "" {
		when += ", at " + at
	}
	s.title(fmt.Sprintf("call %d", n), text+s.dim(when))
	s.row("to", strings.TrimSpace(c.Method+" "+c.Host+c.Path))
	s.row("dialect", c.Dialect)
	if c.Attempt > 0 {
		s.row("attempt", strconv.Itoa(c.Attempt))
	}
	s.row("detail", c.Outcome.Detail)
	s.row(plainID, c.Outcome.RequestID)
	if c.Act != 0 {
		s.row(c.Act.String(), c.Why)
	}
}

// lines tells what was logged. What a line has besides its message stands below it.
func (s story) lines() {
	if len(s.Lines) == 0 {
		return
	}
	s.title("log", plural(len(s.Lines), "line"))
	for _, l := range s.Lines {
		level := l.Level.String()
		paint := s.dim
		switch {
		case l.Level >= slog.LevelError:
			paint = s.red
		case l.Level >= slog.LevelWarn:
			paint = s.yellow
		}
		fmt.Fprintf(s.w, "%s%s%s\n", s.dim(column("  "+s.since(l.Time))), paint(pad(level, 7)), printable(l.Message))
		for _, attr := range l.Attrs {
			s.row("", attr)
		}
	}
}
