package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/say"
)

// showDecoded writes an outcome and a decision for people.
func (a *app) showDecoded(r decoded) error {
	s := sheet{a.stdout, a.styleOf(a.stdout)}
	s.decoded(r)
	return nil
}

func (s sheet) decoded(r decoded) {
	s.outcome(r.Outcome, requestID(r.of.Support()))
	if r.Stream != nil {
		s.row("stream", r.Stream.words(r.Outcome.Kind))
	}
	if row, ok := rowOf(r); ok {
		s.tableRow(row, r.Outcome)
	}
	s.decision(r.Decision, r.of.Support(), autoRetry(r))
	for _, d := range r.Diagnostics {
		s.title("noticed", s.yellow(printable(d.Message)))
		s.row("hint", d.Hint)
		s.row("rule", d.Rule)
	}
	if r.detection != nil {
		s.detection(r.detection)
	}
}

// detection writes the dialect that was found, its confidence, and which others it
// may be.
func (s sheet) detection(d *detection) {
	var rest []string
	for _, o := range d.Others {
		rest = append(rest, fmt.Sprintf("%s %.2f", o.Dialect, o.Confidence))
	}
	also := strings.Join(rest, ", ")
	text := fmt.Sprintf("%s (confidence: %.2f", s.bold(d.Dialect), d.Confidence)
	switch {
	case d.Confidence == 0 && also == "":
		text = s.bold(d.Dialect) + " (no dialect of the catalog is recognized"
	case d.Confidence == 0:
		text = s.bold(d.Dialect) + " (no dialect of the catalog is recognized; it might be " + also
	case also != "":
		text += "; it might also be " + also
	}
	s.title("dialect", text+")")
	s.row("for", strings.Join(d.Why, "; "))
}

// outcome writes what a response came to. id is what the provider calls its ID.
func (s sheet) outcome(o parlance.Outcome, id string) {
	s.title("outcome", s.kind(o.Kind, printable(meaning(o.Kind, o.Reason))))
	if o.Status != 0 {
		s.row("status", strconv.Itoa(o.Status))
	}
	s.row("code", o.Code)
	s.row("family", o.Family)
	s.row("title", o.Title)
	s.row("detail", o.Detail)
	s.row("type", o.Type)
	s.row("instance", o.Instance)
	s.row(id, o.RequestID)
	var rows [][]string
	for _, f := range o.Fields {
		rows = append(rows, []string{f.Path, f.Code, f.Message})
	}
	s.table("fields", rows)
	rows = nil
	for _, i := range o.Items {
		rows = append(rows, []string{strconv.Itoa(i.Index), i.ID, meaning(i.Outcome.Kind, i.Outcome.Reason), i.Outcome.Code, i.Outcome.Detail})
		for _, f := range i.Outcome.Fields {
			rows = append(rows, []string{"", "", f.Path, f.Code, f.Message})
		}
	}
	s.table("items", rows)
	for _, note := range o.Notes {
		s.row("note", note)
	}
	switch {
	case o.RetryAfter == parlance.RetryNow:
		s.row("come back", "now")
	case o.RetryAfter > 0:
		s.row("come back", "after "+say.Brief(o.RetryAfter))
	}
	s.row("help", o.Help)
	rows = nil
	for _, name := range slices.Sorted(maps.Keys(o.Extra)) {
		rows = append(rows, []string{name, o.Extra[name]})
	}
	s.table("extra", rows)
}

// rowOf is the row of the table that an outcome was read by; it reports false for one
// that no row speaks of.
func rowOf(r decoded) (authoring.Entry, bool) {
	o := &r.Outcome
	for _, code := range [...]string{o.Code, o.Family, strconv.Itoa(o.Status)} {
		if code == "" {
			continue
		}
		for _, e := range authoring.Explain(r.of, code) {
			if e.Line == r.Decision.Line && e.Kind == o.Kind && e.Reason == o.Reason {
				return e, true
			}
		}
	}
	return authoring.Entry{}, false
}

// tableRow writes what the row says that the outcome does not: its own title, and the
// condition on which it holds.
func (s sheet) tableRow(e authoring.Entry, o parlance.Outcome) {
	text := cmp.Or(e.Code, e.Key)
	if e.Title != "" && e.Title != o.Title {
		text += " " + e.Title
	}
	if e.When != "" {
		text += ", if " + e.When
	}
	if e.Help != "" && e.Help != o.Help {
		text += ": " + e.Help
	}
	if text != e.Code && text != e.Key {
		s.prose("row", text)
	}
}

func (s sheet) decision(d parlance.Decision, support dialect.Support, retry string) {
	s.title("vendor says", s.bold(d.Act.String()))
	s.row("scope", string(d.Scope))
	s.row("when", say.Waits(d))
	if d.Then != 0 {
		s.row("then", d.Then.String())
	}
	if d.Act == parlance.ActEscalate || d.Then == parlance.ActEscalate {
		s.row("support", contact(support)+", with the "+requestID(support))
	}
	s.row("auto retry", retry)
	s.row("why", d.Why)
	s.row("line", d.Line)
}

// autoRetry says whether a client sends such a request again by itself, and why. It is
// empty for a success.
func autoRetry(r decoded) string {
	d, method := r.Decision, cmp.Or(r.method, "GET")
	switch {
	case d.Scope == parlance.ScopeItems:
		return "no (only the failed items, in a request of their own)"
	case !r.Outcome.Kind.Failing():
		return ""
	case d.Act != parlance.ActRetry && d.Act != parlance.ActRefresh:
		return "no (the vendor does not say to retry)"
	case d.RetrySafe && r.getOnly:
		return "yes (a GET is assumed; a POST without a key: no)"
	case d.RetrySafe:
		return "yes"
	}
	return "no (" + method + " without a key)"
}
