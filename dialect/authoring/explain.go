package authoring

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/write"
)

// author sees all parts of a Dialect.
type author struct{ *write.Writer }

// Entry is one row of the codes table, for people and tools that show it.
type Entry struct {
	Key        string            // as it stands in the file: "429, 419"
	Code       string            // the code or status that it is shown for: "419"; "" if it is shown as it stands
	Kind       parlance.Kind     //
	Reason     parlance.Reason   //
	Title      string            //
	Help       string            //
	Status     int               // the HTTP status under which an in-body code travels; 0 if the key is one
	When       string            // the conditions in English, "" for none
	Conditions []Condition       // the same, for a program that writes another language; all of them hold
	Decision   parlance.Decision // what a client does on the first response; RetrySafe is of a POST without a key
	Line       string            // file:line
	Builtin    bool              // the file says nothing of the code: the row is the dialect http's
	NotUsed    bool              // the page says that the API never gives it
	Reset      bool              // the response may name the time of a retry, which beats those of the Decision
}

// Group is the rows of a class or a range of codes, for people and tools that
// show them.
type Group struct {
	Name  string  // "4xx", "400-429"; "" for the codes that stand in bodies alone
	Class []Entry // what a code of it means that no row names; empty for codes in bodies
	Rows  []Entry // the rows of the codes within, shown by their codes
}

// Codes lists the rows of the table, in the order of the file.
func Codes(d *dialect.Dialect) []Entry { return author{d.Internal()}.list() }

func (d author) list() []Entry {
	all := make([]Entry, 0, len(d.Codes.Rows))
	for _, r := range d.Codes.Rows {
		all = append(all, d.entry(r, statusOf(r), ""))
	}
	return all
}

// Explain lists every reading of a code or an HTTP status. Those that depend on the
// form of the response come first, then those that depend on the request, then the
// one without a condition. If no row names the code, the reading is that of its
// class, else that of the dialect http. A class or a range has the readings of the
// class. The list is empty for a text that is neither listed nor a number.
func Explain(d *dialect.Dialect, code string) []Entry { return author{d.Internal()}.explain(code) }

func (d author) explain(code string) []Entry {
	if g, ok := d.within(code); ok {
		return g.Class
	}
	n, err := strconv.Atoi(code)
	status := err == nil && n >= spec.FirstStatus && n <= 999
	plain := d.readings(code, n, err == nil)
	if !status {
		return plain
	}
	return append(d.byForm(n, plain), plain...)
}

// readings are the rows for a code, up to the first without a
// condition: the file's, those of the dialect that it extends, then http's.
func (d author) readings(code string, n int, numeric bool) (all []Entry) {
	for b := &d.Table; b != nil; b = b.Base {
		builtin := b.Base == nil && b != &d.Table
		if builtin && (!numeric || n < spec.FirstStatus || n > 999) {
			return all
		}
		for _, rows := range b.Codes.RowsFor(code, n, numeric) {
			for _, r := range rows {
				status := statusOf(r)
				if r.Status == 0 && numeric {
					status = n
				}
				e := d.entry(r, status, code)
				e.Builtin = builtin
				if all = append(all, e); !r.Conditional() {
					return all
				}
			}
		}
	}
	return all
}

// byForm are the readings of a status that depend on the form of the response.
func (d author) byForm(status int, plain []Entry) (all []Entry) {
	for _, s := range slices.Concat(d.Shapes, d.Extras) {
		if s.Is == "" || s.WriteOnly || !s.Status.Admits(status) {
			continue
		}
		kind, isKind := parlance.ParseKind(s.Is)
		switch {
		case !isKind:
		case kind == parlance.KindFailed && (status < 200 || status >= 400),
			slices.ContainsFunc(plain, func(e Entry) bool { return e.Kind == kind }):
			continue // a failure is no news under a status that tells of one
		}
		for _, e := range d.byShape(s, status) {
			i := slices.IndexFunc(all, func(o Entry) bool { return o.Line == e.Line && o.Key == e.Key })
			if i < 0 {
				e.Conditions = []Condition{{}}
				i, all = len(all), append(all, e)
			}
			all[i].Conditions[0].add(shapeTerms(s))
			all[i].When = whenWords(all[i].Conditions)
		}
	}
	return all
}

// orElse stands between conditions of which one is enough.
const orElse = ", or "

// byShape is what a shape says of itself: the rows of the name, or a kind.
func (d author) byShape(s *spec.Shape, status int) (all []Entry) {
	for b := &d.Table; b != nil; b = b.Base {
		for _, r := range b.Codes.Exact[s.Is] {
			if !r.Conditional() {
				e := d.entry(r, status, strconv.Itoa(status))
				e.Status = 0
				return []Entry{e}
			}
		}
	}
	kind, isKind := parlance.ParseKind(s.Is)
	if !isKind {
		return nil // a row asks for the name beside its code, and tells so itself
	}
	return []Entry{d.entry(&spec.Row{Kind: kind, Key: s.Is, Line: fmt.Sprintf("%s:%d", d.File, s.Pos.Line)}, status, strconv.Itoa(status))}
}

// Under are the codes that travel in bodies under an HTTP status.
func Under(d *dialect.Dialect, status int) (codes []string) {
	return author{d.Internal()}.under(status)
}

func (d author) under(status int) (codes []string) {
	for _, r := range d.Rows {
		if r.Status != status || d.Named(r.First) {
			continue
		}
		for key := range strings.SplitSeq(r.Key, ",") {
			if key = strings.TrimSpace(key); !slices.Contains(codes, key) {
				codes = append(codes, key)
			}
		}
	}
	return codes
}
