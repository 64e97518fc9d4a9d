package dialect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// Entry is one row of the codes table, for people and tools that show it.
type Entry struct {
	Key      string            // as it stands in the file: "429, 419"
	Kind     parlance.Kind     //
	Reason   parlance.Reason   //
	Title    string            //
	Help     string            //
	Status   int               // the HTTP status under which an in-body code travels; 0 where the key is one
	When     string            // the conditions in words, "" for none
	Decision parlance.Decision // what a client does on the first answer; RepeatSafe is of a POST without a key
	Line     string            // file:line
	Builtin  bool              // the file says nothing of the code: the row is the dialect http's
	NotUsed  bool              // the page says that the API never gives it
}

// Codes lists the rows of the table, in the order of the file.
func (d *Dialect) Codes() []Entry {
	all := make([]Entry, 0, len(d.codes.rows))
	for _, r := range d.codes.rows {
		all = append(all, d.entry(r, statusOf(r), r.first))
	}
	return all
}

// Explain lists the rows that speak of a code or an HTTP status; what its class
// or the dialect http says, where no row names it. It is empty for a text that
// is neither listed nor a number.
func (d *Dialect) Explain(code string) []Entry {
	var all []Entry
	n, err := strconv.Atoi(code)
	rows := d.codes.exact[code]
	if len(rows) == 0 {
		for _, r := range d.codes.rows { // a class or a range, as it stands in the file
			if r.names(code) {
				rows = append(rows, r)
			}
		}
	}
	if len(rows) == 0 && err == nil {
		for _, g := range d.codes.ranges {
			if g.from <= n && n <= g.to {
				rows = g.rows
				break
			}
		}
	}
	if len(rows) == 0 {
		if r := d.codes.byCode(code, "", &Request{}); r != nil {
			rows = []*row{r}
		}
	}
	for _, r := range rows {
		status := statusOf(r)
		if r.status == 0 && err == nil {
			status = n
		}
		all = append(all, d.entry(r, status, code))
	}
	if len(all) == 0 && err == nil && n >= 100 && n <= 999 && d.base != nil {
		e := d.entry(d.base.statusRow(n, &Request{}), n, "")
		e.Builtin = true
		all = append(all, e)
	}
	return all
}

func statusOf(r *row) int {
	if r.status != 0 {
		return r.status
	}
	sp, _ := r.number()
	return sp.from
}

func (d *Dialect) entry(r *row, status int, code string) Entry {
	o := &parlance.Outcome{Kind: r.kind, Reason: r.reason, Status: status, Code: code}
	req := &Request{Method: "POST"}
	var p parlance.Decision
	d.plan(&p, o, r, nil)
	p.RepeatSafe = d.repeatSafe(o, r, req)
	return Entry{
		Key: r.key, Kind: r.kind, Reason: r.reason, Title: r.title, Help: r.help, Status: r.status,
		When: r.when(), Decision: p, Line: r.line, NotUsed: r.notUsed,
	}
}

// when is the conditions of a row in words.
func (r *row) when() string {
	var parts []string
	if r.of != nil {
		parts = append(parts, strings.Join(append(slices.Clone(r.of.methods), r.of.paths...), " "))
	}
	if len(r.methods) > 0 {
		parts = append(parts, "the method is "+strings.Join(r.methods, " or "))
	}
	if len(r.paths) > 0 {
		parts = append(parts, "the path is "+strings.Join(r.paths, " or "))
	}
	for _, h := range r.headers {
		parts = append(parts, "the request has "+h.name+": "+h.glob)
	}
	return strings.Join(parts, " and ")
}

// explain is the reason of a decision: what the row says, in one sentence.
func (r *row) explain() string {
	s := r.kind.String()
	if r.reason != "" {
		s += " (" + string(r.reason) + ")"
	}
	if r.key != "" {
		s = r.key + " means " + s
	}
	if r.help != "" {
		s += ": " + r.help
	} else if r.title != "" {
		s += ": " + r.title
	}
	if r.retry.then != 0 && len(r.retry.schedule) > 0 {
		waits := make([]string, len(r.retry.schedule))
		for i, w := range r.retry.schedule {
			waits[i] = words(w)
		}
		s += "; repeat after " + strings.Join(waits, ", then every ") + ", and " + r.retry.then.String() + " when it persists"
	}
	return s
}

// words is a duration as people write it.
func words(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return plural(int(d/time.Hour), "hour")
	case d >= time.Minute && d%time.Minute == 0:
		return plural(int(d/time.Minute), "minute")
	case d%time.Second == 0:
		return plural(int(d/time.Second), "second")
	}
	return d.String()
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
