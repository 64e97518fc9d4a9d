package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
)

// showDecoded writes an outcome and a decision for people.
func (a *app) showDecoded(r decoded) error {
	s := sheet{a.stdout, a.styleOf(a.stdout)}
	s.decoded(r)
	return nil
}

func (s sheet) decoded(r decoded) {
	s.outcome(r.Outcome)
	s.decision(r.Decision)
	for _, d := range r.Diagnostics {
		s.title("noticed", s.yellow(printable(d.Message)))
		s.row("hint", d.Hint)
		s.row("rule", d.Rule)
	}
	if r.detection != nil {
		s.detection(r.detection)
	}
}

// detection says which dialect was found, how sure that is, and what else it
// may be.
func (s sheet) detection(d *detection) {
	var rest []string
	for _, o := range d.Others {
		rest = append(rest, fmt.Sprintf("%s %.2f", o.Dialect, o.Sure))
	}
	also := strings.Join(rest, ", ")
	text := fmt.Sprintf("%s (sure: %.2f", s.bold(d.Dialect), d.Sure)
	switch {
	case d.Sure == 0 && also == "":
		text = s.bold(d.Dialect) + " (no dialect of the catalogue is recognised"
	case d.Sure == 0:
		text = s.bold(d.Dialect) + " (no dialect of the catalogue is recognised; it might be " + also
	case also != "":
		text += "; it might also be " + also
	}
	s.title("dialect", text+")")
	s.row("for", strings.Join(d.Why, "; "))
}

func (s sheet) outcome(o parlance.Outcome) {
	s.title("outcome", s.kind(o.Kind, printable(meaning(o.Kind, o.Reason))))
	if o.Status != 0 {
		s.row("status", strconv.Itoa(o.Status))
	}
	s.row("code", o.Code)
	s.row("title", o.Title)
	s.row("detail", o.Detail)
	s.row("type", o.Type)
	s.row("instance", o.Instance)
	s.row("request id", o.RequestID)
	var rows [][]string
	for _, f := range o.Fields {
		rows = append(rows, []string{f.Path, f.Code, f.Message})
	}
	s.table("fields", rows)
	rows = nil
	for _, i := range o.Items {
		rows = append(rows, []string{strconv.Itoa(i.Index), i.ID, meaning(i.Outcome.Kind, i.Outcome.Reason), i.Outcome.Code, i.Outcome.Detail})
	}
	s.table("items", rows)
	for _, note := range o.Notes {
		s.row("note", note)
	}
	if o.RetryAfter > 0 {
		s.row("come back", "after "+brief(o.RetryAfter))
	}
	s.row("help", o.Help)
}

func (s sheet) decision(d parlance.Decision) {
	s.title("decision", s.bold(d.Act.String()))
	s.row("scope", string(d.Scope))
	s.row("when", waits(d))
	if d.Then != 0 {
		s.row("then", d.Then.String())
	}
	s.row("repeat", repeatWord(d.RepeatSafe))
	s.row("why", d.Why)
	s.row("line", d.Line)
}

func repeatWord(safe bool) string {
	if safe {
		return "safe"
	}
	return "not safe"
}
